cd /tmp/w/s11/B
make -s -j2 test-programs >/dev/null 2>&1
timeout 500 scripts/longest --card --board versatilepb --out /tmp/w/s11/lc > /tmp/w/s11/lc.txt 2>&1
