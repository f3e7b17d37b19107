#!/usr/bin/env node
// Drags the bands of lab.Elicit and lab.ElicitFunctions in their pictures, in a
// running JupyterLab: an edge, the middle, and the slider beside the picture.
// Says how far the slider's handles stand from the edges, what each drag made of
// the band and of the code, and how many pictures were shown on the way. It
// fails when a drag does not do what it should.
//
//   node band.mjs [options of lab.mjs]
import { Lab, options, panel, command, version } from './lab.mjs';

const opt = options();
const lab = await Lab.start(opt);
let failed = 0;
const check = (ok, what) => { console.log(`${ok ? 'ok    ' : 'FAILED'}  ${what}`); if (!ok) failed++; };
try {
  const page = await lab.open('band', 'priorlab', ['lab.Elicit("length-scale", 0.1, 100)', 'lab.ElicitFunctions(10, -3, 3)']);
  await command(page, 'notebook:run-all-cells');
  await page.waitForFunction(() => document.querySelectorAll('g[data-way]').length === 2);
  await page.waitForTimeout(1500);
  console.log(`JupyterLab ${await version(page)}`);
  // In the page: where the parts of a band are, and how often its picture was replaced.
  const look = way => page.evaluate(way => {
    const g = document.querySelector(`g[data-way=${way}]`), root = g.closest('[class*=band-]');
    const mid = r => { const b = r.getBoundingClientRect(); return [b.left + b.width / 2, b.top + b.height / 2]; };
    const strip = part => mid(g.querySelector(`[data-part=${part}]`));
    window.__count ??= new Map();
    if (!window.__count.has(way)) {
      window.__count.set(way, 0);
      new MutationObserver(list => { if (list.some(m => [...m.addedNodes].some(n => n.querySelector?.('svg')))) window.__count.set(way, window.__count.get(way) + 1); })
        .observe(root, { childList: true, subtree: true });
    }
    return { lo: strip('lo'), hi: strip('hi'), both: strip('both'), handles: [...root.querySelectorAll(`.${[...root.classList].find(c => c.startsWith('band-'))}-slider .noUi-handle`)].map(mid).sort((a, b) => way === 'x' ? a[0] - b[0] : b[1] - a[1]),
      title: [...root.querySelectorAll('text')].map(t => t.textContent).find(t => t.includes('%')), code: root.querySelector('pre').textContent, count: window.__count.get(way) };
  }, way);
  const ends = title => title.replaceAll('−', '-').match(/between (-?[\d.]+) and (-?[\d.]+)/).slice(1).map(Number);
  const drag = async (from, by) => {
    await page.mouse.move(...from);
    await page.mouse.down();
    for (let i = 1; i <= 15; i++) { await page.mouse.move(from[0] + by[0] * i / 15, from[1] + by[1] * i / 15); await page.waitForTimeout(40); }
    await page.mouse.up();
    await page.waitForTimeout(1200);
  };
  for (const [way, k, axis] of [['x', 0, [1, 0]], ['y', 1, [0, -1]]]) {
    await page.locator(`g[data-way=${way}]`).scrollIntoViewIfNeeded();
    const start = await look(way), inLine = v => Math.max(...['lo', 'hi'].map((p, i) => Math.abs(v[p][k] - v.handles[i][k])));
    check(inLine(start) < 2.5, `${way}: the handles stand ${inLine(start).toFixed(1)} px from the edges`);
    await drag(start.hi, [40 * axis[0], 40 * axis[1]]);
    const wider = await look(way);
    check(ends(wider.title)[1] > ends(start.title)[1] && ends(wider.title)[0] === ends(start.title)[0], `${way}: the upper edge: ${start.title} -> ${wider.title}`);
    check(Math.abs(wider.hi[k] - start.hi[k] - 40 * axis[k]) < 3 && inLine(wider) < 2.5, `${way}: the edge moved ${(wider.hi[k] - start.hi[k]).toFixed(1)} px with the pointer, the handle with it`);
    check(wider.code !== start.code, `${way}: code ${JSON.stringify(wider.code)}`);
    check(wider.count - start.count >= 3, `${way}: ${wider.count - start.count} pictures on the way`);
    await drag(wider.both.map((v, i) => v + (i === 1 - k ? 60 : 0)), [-50 * axis[0], -50 * axis[1]]);
    const lower = await look(way);
    check(Math.abs(lower.lo[k] - wider.lo[k] + 50 * axis[k]) < 3 && Math.abs(lower.hi[k] - wider.hi[k] + 50 * axis[k]) < 3, `${way}: the middle: ${wider.title} -> ${lower.title}`);
    await drag(lower.handles[0], [30 * axis[0], 30 * axis[1]]);
    const end = await look(way);
    check(ends(end.title)[0] > ends(lower.title)[0] && ends(end.title)[1] === ends(lower.title)[1], `${way}: the slider: ${lower.title} -> ${end.title}`);
    await page.screenshot({ path: `${opt.out}/band-${way}.png` });
  }
  check(page.faults.length === 0, `errors in the page: ${page.faults.join('; ') || 'none'}`);
} finally { await lab.stop(); }
process.exit(failed ? 1 : 0);
