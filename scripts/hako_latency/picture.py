# SPDX-License-Identifier: Apache-2.0
"""rt-latency.svg: how often the real-time guest was how late."""

BAR_COLOUR = "#3b6ea5"
LIMIT_COLOUR = "#222222"
MARKS = (("p99_insns", "99 %", "#e0a458"), ("max_insns", "worst", "#c0392b"))


def draw(record, limit, path):
    import matplotlib
    matplotlib.use("Agg")
    from matplotlib import pyplot

    # The same numbers make the same file.
    matplotlib.rcParams["svg.hashsalt"] = "hako"
    matplotlib.rcParams["font.family"] = "DejaVu Sans"
    width = record["bucket_insns"]
    counts = record["histogram"]
    figure, axes = pyplot.subplots(figsize=(9, 4))
    axes.bar([number * width for number in range(len(counts))], counts, width * 0.92, align="edge",
             color=BAR_COLOUR)
    for key, title, colour in MARKS:
        axes.axvline(record[key], color=colour, linewidth=1.5, label=f"{title}: {record[key]}")
    axes.axvline(limit, color=LIMIT_COLOUR, linewidth=2, label=f"at most: {limit}")
    axes.set_yscale("log")
    axes.set_ylim(bottom=0.5)
    axes.set_xlim(0, max(limit, record["max_insns"]) * 1.05)
    axes.set_xlabel("instructions (of 8 ns) from the timer's match to the handler's first one")
    axes.set_ylabel("periods")
    axes.set_title(f"{record['board']}, {record['beside']}: {record['periods']} periods, "
                   f"{record['missed']} missed", fontsize=11, loc="left")
    axes.legend(frameon=False, fontsize=9)
    axes.grid(axis="y", color="#dddddd", linewidth=0.6)
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    figure.savefig(path, metadata={"Date": None}, bbox_inches="tight")
    pyplot.close(figure)
