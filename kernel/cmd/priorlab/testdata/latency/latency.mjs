#!/usr/bin/env node
// How long a person waits for the picture while dragging a slider of
// lab.Explore in a running JupyterLab, beside ipywidgets, matplotlib and torch
// with the same model: 50 observations, 200 points, 20 samples.
//
//   node latency.mjs --base URL --token T --root DIR [--peer KERNEL] [--drags N] [--only ours|peer] [--out DIR]
//
// DIR is the server's root folder; two notebooks are written there. KERNEL is
// the kernelspec of a Python that has torch, matplotlib and ipywidgets.
// playwright-core is looked for from $PLAYWRIGHT or the current folder.
//
// Two measurements, both in the page with one clock:
//   drag    the handle moves every 120 ms; from the pointer event that changed
//           the slider to the frame in which the picture for that value stands
//           in the page
//   flood   200 moves in 4 seconds; pictures shown, and the time from the last
//           move to the last picture
import fs from 'node:fs';
import path from 'node:path';
import { createRequire } from 'node:module';
const { chromium } = createRequire((process.env.PLAYWRIGHT || process.cwd()) + '/')('playwright-core');

const opt = { drags: 120, out: '.', chromium: '/usr/bin/chromium' };
for (let a = process.argv.slice(2); a.length;) opt[a.shift().replace(/^--/, '')] = a.shift();
if (!opt.base || !opt.root) { console.error('need --base and --root; see the head of this file'); process.exit(2); }

const here = path.dirname(new URL(import.meta.url).pathname);
const cases = [{ name: 'priorlab', kernel: 'priorlab', file: 'explore.go.txt', slider: 1 }];
if (opt.peer) cases.push({ name: 'ipywidgets+matplotlib+torch', kernel: opt.peer, file: 'peer.py', slider: 1 });

function notebook(c) {
  const nb = { nbformat: 4, nbformat_minor: 5, metadata: { kernelspec: { name: c.kernel, display_name: c.kernel } },
    cells: [{ cell_type: 'code', id: 'a', metadata: {}, outputs: [], execution_count: null, source: fs.readFileSync(path.join(here, c.file), 'utf8') }] };
  const name = `latency-${c.kernel}.ipynb`;
  fs.writeFileSync(path.join(opt.root, name), JSON.stringify(nb));
  return name;
}

// In the page: every pointer move and every change of a slider's readout, and
// every frame in which a picture has become another one. Both sides name the
// values a picture was made for in its aria-label.
function watch() {
  const w = window.__watch = { moves: [], values: [], pictures: [] };
  let last = 0;
  document.addEventListener('pointermove', () => { last = performance.now(); w.moves.push(last); }, true);
  const value = n => (n.closest && n.closest('.widget-readout')) || (n.parentElement && n.parentElement.closest('.widget-readout'));
  const picture = n => (n.closest ? n : n.parentElement)?.closest('[aria-label*="lengthscale"]') || (n.querySelector && n.querySelector('[aria-label*="lengthscale"]'));
  const shown = p => {
    const label = p.getAttribute('aria-label'), at = performance.now();
    // A frame is on the screen when the one after it begins.
    const done = () => requestAnimationFrame(() => { const c = new MessageChannel(); c.port1.onmessage = () => w.pictures.push({ label, inserted: at, at: performance.now() }); c.port2.postMessage(0); });
    const img = p.querySelector('img');
    if (img && !img.complete) img.addEventListener('load', done, { once: true }); else done();
  };
  new MutationObserver(list => {
    let seen = null;
    for (const m of list) {
      if (value(m.target)) {
        const text = value(m.target).textContent;
        if (text !== w.values.at(-1)?.text) w.values.push({ at: last, text });
        continue;
      }
      for (const n of [m.target, ...m.addedNodes]) { const p = n.nodeType === 1 || n.nodeType === 3 ? picture(n) : null; if (p) seen = p; }
    }
    if (seen) shown(seen);
  }).observe(document.querySelector('.jp-NotebookPanel:not(.lm-mod-hidden)'), { childList: true, subtree: true, characterData: true, attributes: true, attributeFilter: ['aria-label', 'src'] });
}

const quantile = (list, q) => { const s = [...list].sort((a, b) => a - b); return s.length ? s[Math.min(s.length - 1, Math.floor(q * s.length))] : NaN; };
const ms = v => Number.isFinite(v) ? v.toFixed(1) : '-';

async function measure(c) {
  const browser = await chromium.launch({ executablePath: opt.chromium, headless: true, args: ['--no-sandbox', '--disable-gpu'] });
  try {
    const page = await browser.newPage({ viewport: { width: 1300, height: 1000 } });
    page.setDefaultTimeout(120000);
    const errors = [];
    page.on('pageerror', e => errors.push(String(e)));
    const file = notebook(c);
    await page.goto(`${opt.base.replace(/\/(lab.*)?$/, '')}/lab/workspaces/latency-${process.pid}/tree/${file}?reset&token=${opt.token || ''}`);
    const panel = '.jp-NotebookPanel:not(.lm-mod-hidden) ';
    await page.waitForFunction(() => {
      const a = window.jupyterapp || window.jupyterlab, p = a && a.shell.currentWidget, k = p && p.sessionContext && p.sessionContext.session && p.sessionContext.session.kernel;
      return k && k.connectionStatus === 'connected' && k.info;
    });
    await page.evaluate(() => { (window.jupyterapp || window.jupyterlab).commands.execute('notebook:run-all-cells'); });
    await page.waitForFunction(s => document.querySelector(s), panel + '[aria-label*="lengthscale"]');
    await page.waitForTimeout(2500);
    await page.evaluate(watch);
    const track = page.locator(panel + '.noUi-target').nth(c.slider), handle = track.locator('.noUi-handle').first();
    await handle.scrollIntoViewIfNeeded();
    const box = await track.boundingBox(), hb = await handle.boundingBox();
    const y = hb.y + hb.height / 2, at = f => box.x + box.width * f;
    const start = (hb.x + hb.width / 2 - box.x) / box.width;
    await page.mouse.move(at(start), y);
    await page.mouse.down();
    const clear = () => page.evaluate(() => { const w = window.__watch; w.moves.length = w.values.length = w.pictures.length = 0; });
    const state = () => page.evaluate(() => window.__watch);
    const path = i => start + 0.35 * Math.sin(i / 9);
    for (let i = 1; i <= 20; i++) { await page.mouse.move(at(path(i)), y); await page.waitForTimeout(120); }   // warm
    await page.waitForTimeout(1500);
    await clear();
    for (let i = 21; i <= 20 + Number(opt.drags); i++) { await page.mouse.move(at(path(i)), y); await page.waitForTimeout(120); }
    await page.waitForTimeout(1500);
    const drag = await state();
    const waits = [], inserts = [];
    for (const v of drag.values) {
      const p = drag.pictures.find(p => p.at > v.at && spoken(p.label) === v.text);
      if (p) { waits.push(p.at - v.at); inserts.push(p.inserted - v.at); }
    }
    await clear();
    const t0 = Date.now();
    for (let i = 0; i < 200; i++) {
      await page.mouse.move(at(path(i * 1.7)), y);
      const due = t0 + (i + 1) * 20 - Date.now();
      if (due > 0) await page.waitForTimeout(due);
    }
    const took = Date.now() - t0;
    await page.waitForTimeout(4000);
    const flood = await state();
    const lastMove = flood.moves.at(-1), lastPicture = flood.pictures.at(-1);
    const final = await page.locator(panel + '.widget-readout').nth(c.slider).textContent();
    await page.mouse.up();
    await page.screenshot({ path: `${opt.out}/latency-${c.kernel}.png` });
    await page.evaluate(() => (window.jupyterapp || window.jupyterlab).shell.currentWidget.sessionContext.shutdown());
    return { events: drag.values.length, waits, inserts, took, moves: flood.moves.length, pictures: flood.pictures.length,
      rest: lastPicture ? lastPicture.at - lastMove : NaN, newest: spoken(lastPicture?.label || '') === final, errors };
  } finally { await browser.close(); }
}

// The value of the length-scale that a picture's label names, as the slider's
// readout writes it.
function spoken(label) {
  const m = /lengthscale = ([-0-9.e]+)/.exec(label);
  return m ? Number(m[1]).toPrecision(3) : '';
}

console.log('workload                      median ms   95 % ms   inserted ms   answered | 200 moves in 4 s: pictures   rest after the last move ms   newest shown');
for (const c of cases) {
  if (opt.only && (opt.only === 'ours') !== (c.name === 'priorlab')) continue;
  const r = await measure(c);
  console.log(`${c.name.padEnd(28)} ${ms(quantile(r.waits, 0.5)).padStart(10)} ${ms(quantile(r.waits, 0.95)).padStart(9)} ${ms(quantile(r.inserts, 0.5)).padStart(13)} ${`${r.waits.length}/${r.events}`.padStart(10)} | ${`${r.moves} moves, ${r.pictures}`.padStart(24)} ${ms(r.rest).padStart(29)} ${String(r.newest).padStart(14)}${r.errors.length ? '  page errors: ' + r.errors[0] : ''}`);
}
