#!/usr/bin/env node
// Does in a browser what people do with a notebook, in JupyterLab and in the
// classic Notebook, and prints what came of it.
//
//   node browser.mjs --root DIR --token T [--out DIR] [--kernel NAME] [--deed NAME]... NAME=URL...
//
// NAME=URL is a running server, such as 'JupyterLab 4.0=http://127.0.0.1:8888';
// DIR is the root folder of all of them. playwright-core is looked for from
// $PLAYWRIGHT or the current folder. A picture of each deed is put into --out,
// to be looked at.
import fs from 'node:fs';
import path from 'node:path';
import { createRequire } from 'node:module';
const { chromium } = createRequire((process.env.PLAYWRIGHT || process.cwd()) + '/')('playwright-core');

const opt = { out: '.', kernel: 'priorlab', chromium: '/usr/bin/chromium', deeds: [], clients: [] };
for (let a = process.argv.slice(2); a.length;) {
  const k = a.shift();
  if (k === '--deed') opt.deeds.push(a.shift());
  else if (k.startsWith('--')) opt[k.slice(2)] = a.shift();
  else opt.clients.push({ name: k.slice(0, k.indexOf('=')), base: k.slice(k.indexOf('=') + 1).replace(/\/$/, '') });
}
if (!opt.root || !opt.clients.length) { console.error('see the head of this file'); process.exit(2); }

const here = path.dirname(new URL(import.meta.url).pathname);
const sources = JSON.parse(fs.readFileSync(path.join(here, 'cells.json'), 'utf8'));
const names = Object.keys(sources);

function notebook(client) {
  const file = `client-${client.name.replace(/[^\w]+/g, '-')}.ipynb`;
  fs.writeFileSync(path.join(opt.root, file), JSON.stringify({ nbformat: 4, nbformat_minor: 5,
    metadata: { kernelspec: { name: opt.kernel, display_name: opt.kernel, language: 'go' } },
    cells: names.map(id => ({ cell_type: 'code', id, metadata: {}, outputs: [], execution_count: null, source: sources[id] })) }));
  return file;
}

// What a page must be asked for differs between the two kinds of client. Each
// function runs in the page.
const lab = {
  url: (base, file, tab) => `${base}/lab/workspaces/clients-${process.pid}-${tab}/tree/${file}?reset&token=${opt.token || ''}`,
  ready: () => {
    const app = window.jupyterapp || window.jupyterlab, p = app && app.shell.currentWidget;
    const k = p && p.sessionContext && p.sessionContext.session && p.sessionContext.session.kernel;
    return !!(k && k.connectionStatus === 'connected' && k.info && p.content.widgets.length > 1 && document.querySelector('.jp-NotebookPanel:not(.lm-mod-hidden)'));
  },
  start: i => {
    const app = window.jupyterapp || window.jupyterlab, nb = app.shell.currentWidget.content;
    nb.activeCellIndex = i;
    nb.deselectAll();
    app.commands.execute('notebook:run-cell');
  },
  look: async i => {
    const p = (window.jupyterapp || window.jupyterlab).shell.currentWidget, c = p.content.widgets[i];
    p.content.activeCellIndex = i;
    if (p.content.scrollToItem) await p.content.scrollToItem(i).catch(() => {});
    const outputs = c.model.toJSON().outputs, node = c.outputArea.node;
    return { prompt: c.inputArea.promptNode.textContent, outputs, shown: node.innerText.slice(0, 4000),
      pictures: [...node.querySelectorAll('img,svg,canvas')].filter(e => e.getBoundingClientRect().width > 100).length };
  },
  idle: () => {
    const p = (window.jupyterapp || window.jupyterlab).shell.currentWidget, k = p.sessionContext.session.kernel;
    return k.status === 'idle' && !p.content.widgets.some(c => c.model.type === 'code' && /\*/.test(c.inputArea ? c.inputArea.promptNode.textContent : ''));
  },
  interrupt: () => { (window.jupyterapp || window.jupyterlab).shell.currentWidget.sessionContext.session.kernel.interrupt(); },
  restart: () => (window.jupyterapp || window.jupyterlab).shell.currentWidget.sessionContext.session.kernel.restart(),
  save: () => (window.jupyterapp || window.jupyterlab).shell.currentWidget.context.save(),
  shutdown: () => (window.jupyterapp || window.jupyterlab).shell.currentWidget.sessionContext.shutdown(),
  cell: i => `.jp-NotebookPanel:not(.lm-mod-hidden) .jp-Cell[data-windowed-list-index="${i}"], .jp-NotebookPanel:not(.lm-mod-hidden) .jp-Notebook-cell >> nth=${i}`,
  input: '.jp-Stdin-input',
  widgets: () => true,
};
const classic = {
  url: (base, file) => `${base}/notebooks/${file}?token=${opt.token || ''}`,
  ready: () => !!(window.Jupyter && Jupyter.notebook && Jupyter.notebook.kernel && Jupyter.notebook.kernel.is_connected() && Jupyter.notebook.kernel.info_reply.implementation && Jupyter.notebook._fully_loaded),
  start: i => { Jupyter.notebook.select(i); Jupyter.notebook.execute_cells([i]); },
  look: i => {
    const c = Jupyter.notebook.get_cell(i), node = c.output_area.element[0];
    Jupyter.notebook.scroll_to_cell(i);
    return { prompt: `[${c.input_prompt_number ?? ' '}]`, outputs: c.output_area.outputs, shown: node.innerText.slice(0, 4000),
      pictures: [...node.querySelectorAll('img,svg,canvas')].filter(e => e.getBoundingClientRect().width > 100).length };
  },
  idle: () => !Jupyter.notebook.kernel_busy && !Jupyter.notebook.get_cells().some(c => c.input_prompt_number === '*'),
  interrupt: () => { Jupyter.notebook.kernel.interrupt(); },
  restart: () => new Promise(done => { Jupyter.notebook.events.one('kernel_ready.Kernel', () => done()); Jupyter.notebook.kernel.restart(); }),
  save: () => Jupyter.notebook.save_notebook(),
  shutdown: () => new Promise(done => Jupyter.notebook.session.delete(done, done)),
  cell: i => `.cell >> nth=${i}`,
  input: '.raw_input',
  widgets: () => !!(window.require && require.defined && require.defined('@jupyter-widgets/controls')),
};

const text = (outputs, name) => outputs.filter(o => o.output_type === 'stream' && (!name || o.name === name)).map(o => [].concat(o.text).join('')).join('');
const data = (outputs, mime) => outputs.map(o => o.data && o.data[mime]).filter(Boolean).map(x => [].concat(x).join(''));
const need = (ok, what) => { if (!ok) throw new Error(what); };

class Tab {
  constructor(client, page, file, tab) { Object.assign(this, { client, page, file, tab, kind: client.kind }); }
  async open() {
    await this.page.goto(this.kind.url(this.client.base, this.file, this.tab), { waitUntil: 'domcontentloaded' });
    await this.page.waitForFunction(this.kind.ready, null, { timeout: 120000 });
    await this.page.waitForTimeout(2500);   // the widgets' manager asks for the states there are
  }
  at(id) { return names.indexOf(id); }
  start(id) { return this.page.evaluate(this.kind.start, this.at(id)); }
  look(id) { return this.page.evaluate(this.kind.look, this.at(id)); }
  async until(id, ok, what, seconds = 60) {
    for (const end = Date.now() + seconds * 1000; ;) {
      const c = await this.look(id);
      if (await ok(c)) return c;
      if (Date.now() > end) throw new Error(`${what}; shown: ${JSON.stringify(c.shown.slice(-300))}`);
      await this.page.waitForTimeout(200);
    }
  }
  async settle(seconds = 120) {
    for (const end = Date.now() + seconds * 1000, calm = { since: 0 }; ;) {
      if (!await this.page.evaluate(this.kind.idle)) calm.since = 0;
      else if (!calm.since) calm.since = Date.now();
      else if (Date.now() - calm.since > 700) return;
      if (Date.now() > end) throw new Error('the kernel stays busy');
      await this.page.waitForTimeout(100);
    }
  }
  async run(id, seconds) {
    await this.start(id);
    await this.page.waitForTimeout(300);
    await this.settle(seconds);
    return this.look(id);
  }
  async slider(id) {
    await this.look(id);
    const track = this.page.locator(this.kind.cell(this.at(id))).first().locator('.noUi-target, .ui-slider').first();
    await track.waitFor({ timeout: 30000 });
    return track;
  }
  async readout(id) {
    await this.slider(id);
    return (await this.page.locator(this.kind.cell(this.at(id))).first().locator('.widget-readout').first().textContent()).trim();
  }
  async drag(id, to) {
    const track = await this.slider(id), handle = track.locator('.noUi-handle, .ui-slider-handle').first();
    await handle.scrollIntoViewIfNeeded();
    const b = await track.boundingBox(), h = await handle.boundingBox(), y = h.y + h.height / 2, x = h.x + h.width / 2;
    await this.page.mouse.move(x, y);
    await this.page.mouse.down();
    for (let i = 1; i <= 12; i++) { await this.page.mouse.move(x + (b.x + b.width * to - x) * i / 12, y); await this.page.waitForTimeout(25); }
    await this.page.mouse.up();
    await this.page.waitForTimeout(300);
    await this.settle();
    return Number(await this.readout(id));
  }
  async follows(id, n) { await this.until(id, c => c.shown.includes(`${n} squared is ${n * n}`), `the slider stands at ${n} and its result does not`, 20); }
  async stands(id, n) {
    let seen = '';
    for (let i = 0; i < 50 && seen !== String(n); i++) { await this.page.waitForTimeout(200); seen = await this.readout(id); }
    need(seen === String(n), `a slider that the other page has set to ${n} stands at ${seen}`);
  }
  shot(deed) { return this.page.screenshot({ path: path.join(opt.out, `${this.file.replace(/\.ipynb$/, '')}-${deed}.png`) }); }
}

const deeds = {
  text: async t => {
    const { outputs } = await t.run('text');
    need(text(outputs, 'stdout') === 'on stdout\n' && text(outputs, 'stderr') === 'on stderr\n' && data(outputs, 'text/plain')[0] === '42', JSON.stringify(outputs));
  },
  plot: async t => {
    await t.run('plot');
    await t.until('plot', c => c.pictures > 0, 'no picture', 20);
  },
  widgets: async t => {
    const { shown } = await t.run('widgets');
    if (!t.client.widgets) {
      need(/3 squared is 9/.test(shown), 'nothing is shown in place of the slider: ' + shown);
      return 'the client has no ipywidgets 8: values and result as text';
    }
    const n = await t.drag('widgets', 0.8);
    need(n === 8, `the slider stands at ${n}`);
    await t.follows('widgets', 8);
    return 'slider moved';
  },
  stdin: async t => {
    await t.start('stdin');
    const field = t.page.locator(t.kind.input).last();
    await field.waitFor({ timeout: 30000 });
    await field.fill('Ada');
    await field.press('Enter');
    await t.until('stdin', c => text(c.outputs).includes('hello Ada <nil>'), 'no answer');
    await t.settle();
  },
  error: async t => {
    const { outputs, shown } = await t.run('error');
    const e = outputs.find(o => o.output_type === 'error');
    need(e && /index out of range \[10\] with length 3/.test(e.evalue), 'no error: ' + JSON.stringify(outputs));
    need(/tenth\(i=10\)/.test(shown) && /return \[\]int\{1, 2, 3\}\[i\]/.test(shown), 'no traceback: ' + shown);
  },
  interrupt: async t => {
    await t.start('interrupt');
    await t.until('interrupt', c => text(c.outputs).includes('spinning'), 'it does not run');
    const begun = Date.now();
    await t.page.evaluate(t.kind.interrupt);
    const c = await t.until('interrupt', c => c.outputs.some(o => o.output_type === 'error'), 'it goes on');
    const took = Date.now() - begun;
    await t.settle();
    need(text((await t.run('text')).outputs).includes('on stdout'), 'the next cell does not run');
    return `${c.outputs.find(o => o.output_type === 'error').ename} after ${took} ms`;
  },
  lines: async t => {
    const all = text((await t.run('lines')).outputs).split('\n');
    const lost = Array.from({ length: 10000 }, (_, i) => i).filter(i => all[i] !== `line ${i}`);
    need(all.length === 10001 && !lost.length, `${all.length - 1} lines, from ${lost[0]} others`);
    return '10,000 lines';
  },
  print: async t => {
    const begun = Date.now(), { outputs } = await t.run('print', 180);
    const out = text(outputs, 'stdout'), all = out.split('\n');
    const bad = all.findIndex((l, i) => i < all.length - 1 && Number(l.slice(0, 8)) !== i);
    need(bad < 0, `from line ${bad} on text is missing; ${out.length} bytes arrived`);
    need(out.length === 8 << 20, `${out.length} bytes arrived`);
    need(/8 MiB; the rest is not shown/.test(text(outputs, 'stderr')), 'no notice of what is not shown');
    return `8 MiB and the notice in ${((Date.now() - begun) / 1000).toFixed(0)} s`;
  },
  reload: async t => {
    await t.run('display');
    await t.page.evaluate(t.kind.save);
    await t.page.waitForTimeout(1500);
    t.page.once('dialog', d => d.accept());
    await t.open();
    need(text((await t.look('text')).outputs).includes('on stdout'), 'the outputs are gone');
    let slider = 'no widgets here';
    if (t.client.widgets) {
      const at = Number(await t.readout('widgets')), n = await t.drag('widgets', 0.2);
      need(n === 2, `after the reload the slider stood at ${at}, and dragged to 2 at ${n}`);
      await t.follows('widgets', 2);
      slider = `slider kept ${at}, moves`;
    }
    const tick = async () => /tick \d+/.exec((await t.until('display', c => /tick \d+/.test(c.shown), 'the display is gone')).shown)[0];
    const before = await tick();
    await t.page.waitForTimeout(2000);
    return `${slider}; a display that is updated ${await tick() !== before ? 'goes on' : 'stands still'}`;
  },
  tabs: async t => {
    const other = new Tab(t.client, await t.page.context().newPage(), t.file, 'b');
    try {
      listen(t.client, other.page);
      await other.open();
      if (t.client.widgets) {
        await t.page.bringToFront();
        const n = await t.drag('widgets', 0.6);
        await t.follows('widgets', n);
        await other.page.bringToFront();
        await other.stands('widgets', n);
        await other.follows('widgets', n);
        const m = await other.drag('widgets', 0.9);
        await other.follows('widgets', m);
        await t.page.bringToFront();
        await t.follows('widgets', m);
        await t.stands('widgets', m);
        await other.page.bringToFront();
      }
      const c = await other.run('again');
      need(data(c.outputs, 'text/plain')[0] === '43', 'the second page runs no cell: ' + JSON.stringify(c.outputs));
      await other.shot('tabs-second');
      await t.page.bringToFront();
      await t.settle();
    } finally { await other.page.close(); }
    return t.client.widgets ? 'both sliders follow' : 'both run cells';
  },
  restart: async t => {
    const c = await t.run('text');
    await t.page.evaluate(t.kind.restart);
    await t.settle();
    const fresh = await t.run('text');
    need(/\[1\]/.test(fresh.prompt) && !/\[1\]/.test(c.prompt), `the prompt was ${c.prompt} and is ${fresh.prompt}`);
    if (!t.client.widgets) return '';
    await t.run('widgets');
    await t.follows('widgets', await t.drag('widgets', 0.7));
    return 'widgets too';
  },
};

function listen(client, page) {
  page.on('console', m => { if (m.type() === 'error') client.errors.add(m.text().split('\n')[0].slice(0, 200)); });
  page.on('pageerror', e => client.errors.add(String(e).split('\n')[0].slice(0, 200)));
}

async function visit(client) {
  const browser = await chromium.launch({ executablePath: opt.chromium, headless: true, args: ['--no-sandbox', '--disable-gpu'] });
  client.errors = new Set();
  const result = {};
  try {
    const probe = await fetch(`${client.base}/lab?token=${opt.token || ''}`);
    client.kind = probe.ok ? lab : classic;
    const page = await (await browser.newContext({ viewport: { width: 1300, height: 1000 } })).newPage();
    page.setDefaultTimeout(60000);
    listen(client, page);
    const t = new Tab(client, page, notebook(client), 'a');
    await t.open();
    client.widgets = await page.evaluate(t.kind.widgets);
    for (const deed of Object.keys(deeds)) {
      if (opt.deeds.length && !opt.deeds.includes(deed)) continue;
      result[deed] = await deeds[deed](t).then(what => what ? 'ok: ' + what : 'ok', e => 'FAILED: ' + e.message.split('\n')[0]);
      if (await t.page.evaluate(t.kind.idle).then(idle => !idle, () => false)) { await t.page.evaluate(t.kind.interrupt); await t.settle(30).catch(() => {}); }
      await t.shot(deed);
    }
    await Promise.race([page.evaluate(t.kind.shutdown).catch(() => {}), new Promise(done => setTimeout(done, 8000))]);
  } catch (e) { result.opened = 'FAILED: ' + e.message.split('\n')[0]; } finally { await browser.close(); }
  return result;
}

let failed = false;
for (const client of opt.clients) {
  const result = await visit(client);
  for (const [deed, what] of Object.entries(result)) {
    console.log(`${client.name.padEnd(20)} ${deed.padEnd(10)} ${what}`);
    failed ||= what.startsWith('FAILED');
  }
  for (const e of client.errors) console.log(`${client.name.padEnd(20)} ${'console'.padEnd(10)} ${e}`);
}
process.exit(failed ? 1 : 0);
