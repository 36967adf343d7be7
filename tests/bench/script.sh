# SPDX-License-Identifier: Apache-2.0
# The row "script": $1 rounds of ten short commands. The paths keep the shell from running its own
# versions of them without a process.
set -e
cd /work
round=0
while [ "$round" -lt "$1" ]; do
	round=$((round + 1))
	/bin/mkdir folder
	/bin/echo "round $round of $1" >folder/text
	/bin/cp folder/text folder/copy
	/bin/cat folder/text folder/copy >folder/both
	/bin/sed "s/round/turn/" folder/both >folder/edited
	/bin/grep -q turn folder/edited
	/bin/sort -r folder/edited >folder/sorted
	/bin/wc folder/sorted >/dev/null
	/bin/ls -l folder >/dev/null
	/bin/rm -r folder
done
