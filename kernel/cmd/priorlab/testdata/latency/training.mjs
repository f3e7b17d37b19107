#!/usr/bin/env node
// Moves sliders in a running JupyterLab while a cell trains. The cells are those
// of the tour (notebooks/01_tour.ipynb): a curve with two sliders, and a fit
// that reads its prior from a slider at every step and shows the objective.
// Says how long the curve took to follow its slider before and during the
// training, and what the fit was before and after its prior was dragged. It
// fails when a picture does not follow while the training cell is busy.
//
//   node training.mjs [options of lab.mjs]
import fs from 'node:fs';
import path from 'node:path';
import { Lab, options, panel, here, runCell, command, version, quantile, ms } from './lab.mjs';

const tour = JSON.parse(fs.readFileSync(path.join(here, '../../../../../notebooks/01_tour.ipynb'))).cells.filter(c => c.cell_type === 'code').map(c => [].concat(c.source).join(''));
const cell = text => tour.find(s => s.includes(text)) || (() => { throw new Error(`no cell of the tour holds ${text}`); })();

// The tour's fit ends after a few seconds; here it goes on, and shows its last steps.
const endless = s => s.replace('trace))', 'trace[max(0, len(trace)-1500):]))');

const opt = options();
const lab = await Lab.start(opt);
let failed = 0;
const check = (ok, what) => { console.log(`${ok ? 'ok    ' : 'FAILED'}  ${what}`); if (!ok) failed++; };
try {
  const page = await lab.open('training', 'priorlab', [cell('Lissajous'), 'seed, steps := 1, 100_000_000', endless(cell('tau.Float()'))]);
  console.log(`JupyterLab ${await version(page)}`);
  await runCell(page, 0);
  await page.waitForFunction(() => [...document.querySelectorAll('text')].some(t => t.textContent.startsWith('Lissajous')));
  await page.waitForTimeout(1500);
  // In the page: from the key that moved the slider to the curve of its value.
  await page.evaluate(() => {
    window.__waits = [];
    document.addEventListener('keydown', () => { window.__pressed = performance.now(); }, true);
    let last = '';
    new MutationObserver(() => {
      const now = [...document.querySelectorAll('text')].find(t => t.textContent.startsWith('Lissajous'))?.textContent;
      if (now && now !== last) { if (window.__pressed) window.__waits.push(performance.now() - window.__pressed); last = now; window.__pressed = 0; }
    }).observe(document.body, { childList: true, subtree: true });
  });
  const press = async n => {
    await page.evaluate(() => { window.__waits.length = 0; });
    for (let i = 0; i < n; i++) {
      await page.locator(panel + '.noUi-handle').first().focus();
      await page.keyboard.press(i % 2 ? 'ArrowLeft' : 'ArrowRight');
      await page.waitForTimeout(400);
    }
    return page.evaluate(() => [...window.__waits]);
  };
  const report = (what, waits, n) => check(waits.length === n, `the curve follows its slider ${what}: ${waits.length} of ${n}, median ${ms(quantile(waits, 0.5))} ms, 95 % ${ms(quantile(waits, 0.95))} ms`);
  report('with the kernel idle', await press(20), 20);

  await runCell(page, 1);
  await runCell(page, 2);
  // The fit as the page shows it: the title of its picture.
  const fit = () => page.evaluate(() => {
    for (const i of document.querySelectorAll('.jp-OutputArea img')) {
      const m = decodeURIComponent(i.src).match(/Step (\d+), prior sd ([\d.e-]+): w = \((-?[\d.]+), (-?[\d.]+)\)/);
      if (m) return { step: +m[1], sd: +m[2], level: +m[3], slope: +m[4] };
    }
    return null;
  });
  const busy = () => page.evaluate(() => /\*/.test((window.jupyterapp || window.jupyterlab).shell.currentWidget.content.widgets[2].inputArea.promptNode.textContent));
  const until = async (what, ok) => { for (let i = 0; i < 300; i++) { const f = await fit(); if (f && ok(f)) return f; await page.waitForTimeout(100); } throw new Error('waited for ' + what); };
  const say = f => `step ${f.step}, prior sd ${f.sd}, w = (${f.level}, ${f.slope})`;
  const wide = await until('the fit', f => f.step >= 200);
  report('while the cell trains', await press(20), 20);
  check(await busy(), `the cell trains all the while: ${say(wide)} -> ${say(await fit())}`);

  const track = page.locator(panel + '.noUi-target').last(), handle = track.locator('.noUi-handle');
  await handle.scrollIntoViewIfNeeded();
  const box = await track.boundingBox(), at = await handle.boundingBox();
  const [x, y] = [at.x + at.width / 2, at.y + at.height / 2];
  await page.mouse.move(x, y);
  await page.mouse.down();
  const seen = new Set();
  for (let i = 1; i <= 20; i++) { await page.mouse.move(x + (box.x + box.width * 0.23 - x) * i / 20, y); await page.waitForTimeout(150); seen.add((await fit()).sd); }
  await page.mouse.up();
  check(seen.size >= 5, `the objective is shown with ${seen.size} priors during the drag: ${[...seen].map(v => v.toPrecision(2)).join(' ')}`);
  const narrow = await until('the narrow prior to hold the line down', f => f.sd < 0.1 && f.slope < 0.5);
  check(await busy() && narrow.level < wide.level && narrow.slope < wide.slope, `the fit under the prior moved: ${say(wide)} -> ${say(narrow)}`);
  await page.screenshot({ path: `${opt.out}/training.png` });
  await command(page, 'kernelmenu:interrupt');
  for (let i = 0; i < 100 && await busy(); i++) await page.waitForTimeout(100);
  check(!await busy(), 'an interrupt ends the training');
  check(page.faults.length === 0, `errors in the page: ${page.faults.join('; ') || 'none'}`);
} finally { await lab.stop(); }
process.exit(failed ? 1 : 0);
