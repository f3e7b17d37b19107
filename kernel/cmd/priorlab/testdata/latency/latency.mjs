#!/usr/bin/env node
// How long a person waits for the picture while dragging a slider of
// lab.Explore in a running JupyterLab, beside ipywidgets, matplotlib and torch
// with the same model: 50 observations, 200 points, 20 samples.
//
//   node latency.mjs [--python PY] [--drags N] [--only ours|peer] [options of lab.mjs]
//
// PY is a Python that has ipykernel, ipywidgets, matplotlib and torch; without
// it only ours is measured.
//
// Two measurements, both in the page with one clock:
//   drag    the handle moves every 120 ms; from the pointer event that changed
//           the slider to the frame in which the picture for that value stands
//           in the page
//   flood   200 moves in 4 seconds; pictures shown, and the time from the last
//           move to the last picture
import fs from 'node:fs';
import path from 'node:path';
import { Lab, options, panel, here, command, quantile, ms } from './lab.mjs';

const opt = options({ drags: 120 });

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

async function measure(lab, c) {
  const page = await lab.open(`latency-${c.kernel}`, c.kernel, [fs.readFileSync(path.join(here, c.file), 'utf8')]);
  try {
    await command(page, 'notebook:run-all-cells');
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
    const place = i => start + 0.35 * Math.sin(i / 9);
    for (let i = 1; i <= 20; i++) { await page.mouse.move(at(place(i)), y); await page.waitForTimeout(120); }   // warm
    await page.waitForTimeout(1500);
    await clear();
    for (let i = 21; i <= 20 + Number(opt.drags); i++) { await page.mouse.move(at(place(i)), y); await page.waitForTimeout(120); }
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
      await page.mouse.move(at(place(i * 1.7)), y);
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
    await lab.end(`latency-${c.kernel}.ipynb`); // it must not disturb the next
    return { events: drag.values.length, waits, inserts, took, moves: flood.moves.length, pictures: flood.pictures.length,
      rest: lastPicture ? lastPicture.at - lastMove : NaN, newest: spoken(lastPicture?.label || '') === final, errors: page.faults };
  } finally { await page.close(); }
}

// The value of the length-scale that a picture's label names, as the slider's
// readout writes it.
function spoken(label) {
  const m = /lengthscale = ([-0-9.e]+)/.exec(label);
  return m ? Number(m[1]).toPrecision(3) : '';
}

const lab = await Lab.start(opt);
try {
  const cases = [{ name: 'priorlab', kernel: 'priorlab', file: 'explore.go.txt', slider: 1 }];
  if (opt.peer) cases.push({ name: 'ipywidgets+matplotlib+torch', kernel: opt.peer, file: 'peer.py', slider: 1 });
  console.log('workload                      median ms   95 % ms   inserted ms   answered | 200 moves in 4 s: pictures   rest after the last move ms   newest shown');
  const medians = {};
  for (const c of cases) {
    if (opt.only && (opt.only === 'ours') !== (c.name === 'priorlab')) continue;
    const r = await measure(lab, c);
    medians[c.kernel] = quantile(r.waits, 0.5);
    console.log(`${c.name.padEnd(28)} ${ms(quantile(r.waits, 0.5)).padStart(10)} ${ms(quantile(r.waits, 0.95)).padStart(9)} ${ms(quantile(r.inserts, 0.5)).padStart(13)} ${`${r.waits.length}/${r.events}`.padStart(10)} | ${`${r.moves} moves, ${r.pictures}`.padStart(24)} ${ms(r.rest).padStart(29)} ${String(r.newest).padStart(14)}${r.errors.length ? '  page errors: ' + r.errors[0] : ''}`);
  }
  if (opt.peer && medians.priorlab && medians[opt.peer]) console.log(`ratio of the medians, peer to ours: ${(medians[opt.peer] / medians.priorlab).toFixed(1)}`);
} finally { await lab.stop(); }
