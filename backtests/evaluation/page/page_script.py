"""The script of the page: the drawings, and the factor that a click chooses."""

from __future__ import annotations

from typing import Final

STYLE: Final = """\
body { margin: 16px 50px; font-family: sans-serif; font-size: 14px; color: #222; }
h1 { font-size: 22px; font-weight: 600; margin-bottom: 4px; }
h2 { font-size: 17px; font-weight: 600; margin: 28px 0 6px; }
p { max-width: 960px; line-height: 1.45; }
table { border-collapse: collapse; }
th, td { padding: 2px 14px 2px 0; text-align: left; white-space: nowrap; }
th { border-bottom: 1px solid #999; position: sticky; top: 0; background: white; }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; }
tr:nth-child(odd) td { background: #f6f6f6; }
.wide { max-height: 560px; overflow: auto; }
.factors tbody tr { cursor: pointer; }
.factors tbody tr.chosen td { background: #dbe9f6; }
.verdict { font-weight: 600; padding: 1px 8px; border-radius: 9px; }
.good { background: #d9f0d3; color: #1b5e20; }
.fair { background: #e3eef9; color: #1a4a7a; }
.poor { background: #eeeeee; color: #555; }
.bad { background: #fde0dd; color: #9b1c1c; }
.grid { display: grid; grid-template-columns: repeat(auto-fit, minmax(430px, 1fr)); gap: 4px; }
.note { color: #666; font-size: 12.5px; }
select { font-size: 14px; padding: 2px 6px; }
"""

SCRIPT: Final = """\
const E = JSON.parse(document.getElementById('evaluation').textContent);
const BLUE = '#2166ac', RED = '#b2182b', GREEN = '#1b7837', GREY = '#888888';
const span = ns => {
  for (const [u, s] of [['d', 864e11], ['h', 36e11], ['m', 6e10], ['s', 1e9], ['ms', 1e6]])
    if (ns >= s && (ns % s === 0 || ns >= 10 * s)) return +(ns / s).toFixed(1) + u;
  return ns ? ns + 'ns' : '0';
};
const H = E.horizons_ns.map(span), D = E.delays_ns.map(span);
const layout = (title, more) => Object.assign({
  title: {text: title, font: {size: 13}, x: 0.02}, template: 'none', height: 290, hovermode: 'x',
  margin: {t: 36, b: 44, l: 60, r: 16}, showlegend: false, font: {size: 11},
  plot_bgcolor: 'white', yaxis: {gridcolor: '#eeeeee', zerolinecolor: '#999999'},
  xaxis: {type: 'category'}}, more);
const quiet = {displayModeBar: false, responsive: true};
const draw = (id, traces, l) => Plotly.react(id, traces, l, quiet);
const bp = v => v === null ? null : v * 1e4;
const coloured = v => v.map(x => x === null ? GREY : x < 0 ? RED : BLUE);
const error = (v, colour) => ({type: 'data', array: v, color: colour, thickness: 1.2, width: 4});

function overview() {
  const order = E.redundancy.order, names = order.map(i => E.factors[i].name);
  const z = order.map(i => E.factors[i].horizons.map(h => h.rank_ic));
  const stars = order.map(i => E.factors[i].horizons.map(h => h.is_discovery ? '●' : ''));
  const most = Math.max(0.02, ...z.flat().map(v => Math.abs(v ?? 0)));
  const height = 110 + 17 * names.length;
  draw('ics', [{type: 'heatmap', x: H, y: names, z, zmin: -most, zmax: most, text: stars,
    texttemplate: '%{text}', textfont: {size: 8}, colorscale: 'RdBu', reversescale: false,
    hovertemplate: '%{y}<br>%{x}: rank IC %{z:+.4f}<extra></extra>', colorbar: {thickness: 10}}],
    layout('rank IC; ● discovery', {height, hovermode: 'closest',
      margin: {t: 36, b: 40, l: 170, r: 20},
      yaxis: {type: 'category', autorange: 'reversed', dtick: 1, tickfont: {size: 10}}}));
  const c = E.redundancy.rank_correlations;
  draw('same', [{type: 'heatmap', x: names, y: names, z: order.map(i => order.map(j => c[i][j])),
    zmin: -1, zmax: 1, colorscale: 'RdBu', colorbar: {thickness: 10},
    hovertemplate: '%{y}<br>%{x}: %{z:+.2f}<extra></extra>'}],
    layout('rank correlation of factors, clustered', {height, hovermode: 'closest',
      margin: {t: 36, b: 120, l: 170, r: 20},
      xaxis: {type: 'category', dtick: 1, tickfont: {size: 9}, tickangle: -60},
      yaxis: {type: 'category', autorange: 'reversed', dtick: 1, tickfont: {size: 10}}}));
  for (const id of ['ics', 'same'])
    document.getElementById(id).on('plotly_click', e => choose(e.points[0].y));
}

function choose(name) {
  const f = E.factors.find(one => one.name === name);
  if (!f) return;
  document.getElementById('which').value = name;
  document.querySelectorAll('.factors tbody tr').forEach(row =>
    row.classList.toggle('chosen', row.dataset.name === name));
  document.getElementById('verdict').textContent = f.verdict + ': ' + f.reason +
    (f.same_as ? '; says the same as ' + f.same_as : '');
  const hs = document.getElementById('horizon'), kept = hs.dataset.name === name ? hs.value : '';
  if (!kept) {
    hs.replaceChildren(...E.horizons_ns.map((ns, i) => new Option(H[i], i)));
    hs.value = E.horizons_ns.indexOf(f.best_horizon_ns);
    hs.dataset.name = name;
  }
  const h = f.horizons[+hs.value], at = ' at ' + H[+hs.value];
  const p = f.horizons;
  draw('decay', [
    {x: H, y: p.map(x => x.rank_ic), error_y: error(p.map(x => x.margin), BLUE), name: 'rank IC',
     mode: 'lines+markers', line: {color: BLUE, width: 1.5}},
    {x: H, y: p.map(x => x.ic), name: 'IC', mode: 'lines', line: {color: GREY, dash: 'dot'}}],
    layout('over horizons: rank IC with 95 % interval; IC dotted'));
  draw('freshness', [{x: D, y: h.rank_ic_by_delay, mode: 'lines+markers', name: 'rank IC',
    line: {color: BLUE, width: 1.5}, fill: 'tozeroy', fillcolor: 'rgba(33,102,172,0.08)'}],
    layout('freshness: rank IC' + at + ' after a delay'));
  const q = h.quantile_returns.map((_, i) => 'Q' + (i + 1));
  draw('quantiles', [
    {type: 'bar', x: q, y: h.quantile_returns.map(bp), name: 'before cost',
     marker: {color: '#9ecae1'}},
    {type: 'bar', x: q, y: h.quantile_returns_net.map(bp), name: 'long, after cost',
     marker: {color: GREEN}}],
    layout('mean return by quantile' + at + ', bp', {showlegend: true,
      legend: {orientation: 'h', y: -0.15}}));
  draw('turnover', [{type: 'bar', x: q, y: h.quantile_turnover, name: 'turnover',
    marker: {color: '#bdbdbd'}}],
    layout('turnover by quantile' + at, {yaxis: {tickformat: '.0%', rangemode: 'tozero',
      gridcolor: '#eeeeee'}}));
  for (const [id, what] of [['months', 'month'], ['hours', 'hour of day, UTC'],
    ['regimes', 'volatility as known at the time']]) {
    const v = h.rank_ic_by_group[id], n = h.rows_by_group[id];
    const bars = n.map(k => k && h.rank_ic_error ?
      1.96 * h.rank_ic_error * Math.sqrt(h.rows / k) : null);
    draw(id, [{type: 'bar', x: E.groups[id], y: v, marker: {color: coloured(v)}, customdata: n,
      error_y: error(bars, '#555555'),
      hovertemplate: '%{x}: %{y:+.4f}, %{customdata:,} instants<extra></extra>'}],
      layout('rank IC' + at + ' by ' + what));
  }
  draw('spreads', [{type: 'bar', x: H, y: p.map(x => bp(x.spread.gross)), name: 'before cost',
     marker: {color: '#9ecae1'}},
    {type: 'bar', x: H, y: p.map(x => bp(x.spread.net)), name: 'after cost',
     error_y: error(p.map(x => bp(x.spread.net_error) === null ? null
       : 1.96 * bp(x.spread.net_error)), '#555555'), marker: {color: GREEN}}],
    layout('outer quantiles against each other, bp', {showlegend: true,
      legend: {orientation: 'h', y: -0.15}}));
}

if (E.factors.length) {
  const which = document.getElementById('which');
  E.factors.forEach(f => which.add(new Option(f.name, f.name)));
  which.onchange = () => choose(which.value);
  document.getElementById('horizon').onchange = () => choose(which.value);
  document.querySelectorAll('.factors tbody tr').forEach(row =>
    row.onclick = () => choose(row.dataset.name));
  overview();
  choose(document.querySelector('.factors tbody tr').dataset.name);
}
"""
