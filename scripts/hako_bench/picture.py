# SPDX-License-Identifier: Apache-2.0
"""results.svg: the ratio of every row beside limit and published ratio; of cycles too, if known;
and how the ratio of the scaling rows goes with the number of processes."""

from . import facts

BAR_COLOURS = ("#3b6ea5", "#7fb069", "#b07aa1", "#e0a458")
LIMIT_COLOUR = "#222222"
PUBLISHED_COLOUR = "#c0392b"
TICKS = (1, 1.5, 2, 3, 5, 7, 10, 20, 30, 50, 100)
MARKERS = ("o", "s")
ROW_INCHES = 0.28
PANEL_INCHES = 6
SCALING_INCHES = 3.4


def label(record):
    return f"{record['board']}, {record['kernel']}" + (", PAN" if record["pan"] else "")


def _row_positions(records, names):
    """(record, its number, position of its bar for each of `names`)."""
    height = 0.8 / len(records)
    for number, record in enumerate(records):
        offset = (number - (len(records) - 1) / 2) * height
        yield record, number, [index + offset for index in range(len(names))]


def _values(record, names, key):
    found = {row["name"]: row.get(key) for row in record["rows"]}
    return [found.get(name) or float("nan") for name in names]


def _bars(axes, records, names, key):
    height = 0.8 / len(records)
    for record, number, positions in _row_positions(records, names):
        values = _values(record, names, key)
        bars = axes.barh(positions, [value - 0.8 for value in values], height * 0.92, left=0.8,
                         color=BAR_COLOURS[number % len(BAR_COLOURS)], label=label(record))
        axes.bar_label(bars, [f"{value:.2f}" if value == value else "" for value in values],
                       padding=3, fontsize=8,
                       bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.6})


def _diamonds(axes, records, names, key):
    """A second ratio of each row, as a point on its line."""
    for record, number, positions in _row_positions(records, names):
        axes.plot(_values(record, names, key), positions, "D", markersize=4, linestyle="none",
                  color=BAR_COLOURS[number % len(BAR_COLOURS)], markeredgecolor="#333333",
                  label=None if number else facts.MODES["proxies"].title)


def _lines(axes, values, colour, title, show_value=False):
    """Vertical strokes at (position, half height, value)."""
    for number, (position, half, value) in enumerate(values):
        axes.plot([value, value], [position - half, position + half], color=colour,
                  linewidth=2, label=None if number else title)
        if show_value:
            axes.annotate(f"{value:.2f}", (value, position - half), xytext=(4, -7), fontsize=8,
                          textcoords="offset points", color=colour)


def _limits(records, names):
    half = 0.4 / len(records)
    return [(position, half, limit) for record, _, positions in _row_positions(records, names)
            for position, limit in zip(positions, _values(record, names, "at_most"))
            if limit == limit]


def _published(names):
    return [(index, 0.45, facts.ROWS[name].published) for index, name in enumerate(names)
            if facts.ROWS[name].published]


def _set_scale(axes, highest):
    from matplotlib.ticker import FixedLocator, NullLocator, ScalarFormatter

    axes.set_xscale("log")
    axes.set_xlim(0.8, highest * 1.5)
    axes.xaxis.set_major_locator(FixedLocator([tick for tick in TICKS if tick <= highest * 1.5]))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(ScalarFormatter())


def _clean(axes, grid):
    axes.grid(axis=grid, color="#dddddd", linewidth=0.6)
    axes.set_axisbelow(True)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)


def _ratio_panel(axes, records, names):
    """Bars of the paravirtual kernels, or of those with proxies if only they were measured."""
    has_pv = any("pv" in record["modes"] for record in records)
    has_proxies = any("proxies" in record["modes"] for record in records)
    keys = ["ratio"] if has_pv else []
    keys += ["proxies_ratio"] if has_proxies else []
    _bars(axes, records, names, keys[0])
    if len(keys) > 1:
        _diamonds(axes, records, names, keys[1])
    if has_pv:
        _lines(axes, _limits(records, names), LIMIT_COLOUR, "at most")
    published = _published(names)
    _lines(axes, published, PUBLISHED_COLOUR, "published (SIVARM)", show_value=True)
    highest = [row.get(key) or 1 for record in records for row in record["rows"] for key in keys]
    _set_scale(axes, max(highest + [value for _, _, value in published] + [2]))
    axes.set_xlabel("instructions under the VMM / instructions natively (1 = native speed)")


def _cycles_panel(axes, records, names, profiles):
    _bars(axes, records, names, "cycles_ratio")
    _set_scale(axes, max([row.get("cycles_ratio") or 1 for record in records
                          for row in record["rows"]] + [2]))
    axes.set_xlabel(f"cycles of an ARM926 under the VMM / natively ({', '.join(profiles)})")


def _scaling_panel(axes, records, mode):
    for number, record in enumerate(records):
        for marker, (kind, title) in zip(MARKERS, facts.SCALING.items()):
            values = _values(record, [f"{kind}_{count}" for count in facts.PROCESSES], mode.ratio)
            axes.plot(facts.PROCESSES, values, marker=marker,
                      color=BAR_COLOURS[number % len(BAR_COLOURS)],
                      label=title if not number else None)
    axes.set_xscale("log", base=2)
    axes.set_xticks(facts.PROCESSES, [str(count) for count in facts.PROCESSES])
    axes.minorticks_off()
    axes.set_ylim(bottom=0)
    axes.set_xlabel(f"processes ({mode.title})")
    axes.legend(frameon=False, fontsize=9)
    _clean(axes, "y")


def _has_ratio(records, name, keys):
    return any(row["name"] == name and any(row.get(key) for key in keys)
               for record in records for row in record["rows"])


def draw(records, path):
    import matplotlib
    matplotlib.use("Agg")
    from matplotlib import pyplot

    # The same numbers make the same file.
    matplotlib.rcParams["svg.hashsalt"] = "hako"
    matplotlib.rcParams["font.family"] = "DejaVu Sans"
    keys = [mode.ratio for mode in facts.MODES.values()]
    names = [name for name in facts.ROWS
             if not facts.ROWS[name].processes and _has_ratio(records, name, keys)]
    curves = [mode for mode in facts.MODES.values()
              if any(_has_ratio(records, f"{kind}_{count}", [mode.ratio])
                     for kind in facts.SCALING for count in facts.PROCESSES)]
    profiles = sorted({record["profile"] for record in records if record.get("profile")})
    columns = max(2 if profiles else 1, len(curves))
    heights = [1.4 + ROW_INCHES * len(names) * (1 + len(records))] if names else []
    heights += [SCALING_INCHES] if curves else []
    figure = pyplot.figure(figsize=(9 + PANEL_INCHES * (columns - 1), sum(heights)))
    grid = figure.add_gridspec(len(heights), 1, height_ratios=heights, hspace=0.15)
    if names:
        top = grid[0].subgridspec(1, 2 if profiles else 1).subplots(squeeze=False, sharey=True)[0]
        _ratio_panel(top[0], records, names)
        if profiles:
            _cycles_panel(top[1], records, names, profiles)
        for axes in top:
            axes.axvline(1, color="#555555", linewidth=0.8)
            axes.set_ylim(len(names) - 0.4, -0.6)
            axes.tick_params(axis="y", length=0)
            _clean(axes, "x")
        top[0].set_yticks(range(len(names)), [facts.ROWS[name].title for name in names])
        top[0].legend(loc="lower left", bbox_to_anchor=(0, 1.01), ncol=3, frameon=False,
                      fontsize=9)
    if curves:
        bottom = grid[len(heights) - 1].subgridspec(1, len(curves)).subplots(squeeze=False)[0]
        for axes, mode in zip(bottom, curves):
            _scaling_panel(axes, records, mode)
        bottom[0].set_ylabel("ratio")
    figure.savefig(path, metadata={"Date": None}, bbox_inches="tight")
    pyplot.close(figure)
