// What the scripts of this folder share: a JupyterLab of their own with our
// kernel, freshly built, and a browser that opens notebooks in it.
//
// Options of all of them:
//
//   --server CMD   how JupyterLab is started ("jupyter lab"); arguments are added
//   --python PY    a Python with ipykernel, for the peer; none without it
//   --base URL --token T --root DIR
//                  a server that runs already, with our kernel and, under the
//                  name that --peer gives, the peer's; none is then started
//   --chromium P   the browser (/usr/bin/chromium)
//   --out DIR      where screenshots go (.)
//   --theme NAME   JupyterLab's theme ("JupyterLab Light")
//
// playwright-core is looked for from $PLAYWRIGHT or the current folder.
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { spawn, execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';

export const here = path.dirname(new URL(import.meta.url).pathname);
const repository = path.join(here, '../../../../..');

export function options(defaults = {}) {
  const opt = { server: 'jupyter lab', chromium: '/usr/bin/chromium', out: '.', theme: 'JupyterLab Light', ...defaults };
  for (let a = process.argv.slice(2); a.length;) {
    const k = a.shift();
    if (!k.startsWith('--') || !a.length) { console.error(`${k}: options are --NAME VALUE; see the head of this file and of lab.mjs`); process.exit(2); }
    opt[k.slice(2)] = a.shift();
  }
  fs.mkdirSync(opt.out, { recursive: true });
  return opt;
}

// A Lab is a server and a browser; end it with stop.
export class Lab {
  static async start(opt) {
    const lab = new Lab();
    lab.opt = opt;
    lab.temp = fs.mkdtempSync(path.join(os.tmpdir(), 'priorlab-browser-'));
    try {
      if (opt.base) Object.assign(lab, { base: opt.base.replace(/\/(lab.*)?$/, ''), token: opt.token || '', root: opt.root });
      else await lab.serve();
      const { chromium } = createRequire((process.env.PLAYWRIGHT || process.cwd()) + '/')('playwright-core');
      lab.browser = await chromium.launch({ executablePath: opt.chromium, headless: true, args: ['--no-sandbox', '--disable-gpu'] });
    } catch (e) { await lab.stop(); throw e; }
    return lab;
  }

  // serve starts a server that knows our kernel and the peer and nothing else of this person's.
  async serve() {
    const dir = n => { const d = path.join(this.temp, n); fs.mkdirSync(d, { recursive: true }); return d; };
    const program = path.join(dir('bin'), 'priorlab');
    execFileSync('go', ['build', '-o', program, './kernel/cmd/priorlab'], { cwd: repository, stdio: 'inherit', env: { ...process.env, CGO_ENABLED: '0' } });
    execFileSync(program, ['install', '--prefix', dir('prefix')], { stdio: 'ignore' });
    if (this.opt.python) {
      fs.writeFileSync(path.join(dir('prefix/share/jupyter/kernels/peer'), 'kernel.json'),
        JSON.stringify({ argv: [this.opt.python, '-m', 'ipykernel_launcher', '-f', '{connection_file}'], display_name: 'peer', language: 'python' }));
      this.opt.peer = 'peer';
    }
    fs.writeFileSync(path.join(dir('config/lab/user-settings/@jupyterlab/apputils-extension'), 'themes.jupyterlab-settings'), JSON.stringify({ theme: this.opt.theme }));
    fs.writeFileSync(path.join(dir('config/lab/user-settings/@jupyterlab/apputils-extension'), 'notification.jupyterlab-settings'), '{"fetchNews":"false","checkForUpdates":false}');
    fs.writeFileSync(path.join(dir('config/labconfig'), 'page_config.json'), '{"buildCheck":false,"buildAvailable":false}');
    this.root = dir('root');
    this.token = 'browser';
    const port = await new Promise(done => { const s = net.createServer().listen(0, '127.0.0.1', () => { const p = s.address().port; s.close(() => done(p)); }); });
    this.base = `http://127.0.0.1:${port}`;
    const log = fs.openSync(path.join(this.temp, 'log'), 'w');
    const [cmd, ...args] = this.opt.server.split(' ');
    this.server = spawn(cmd, [...args, '--no-browser', '--allow-root', '--ip=127.0.0.1', `--port=${port}`, '--port-retries=0',
      `--IdentityProvider.token=${this.token}`, `--ServerApp.root_dir=${this.root}`, '--expose-app-in-browser'],
      { detached: true, stdio: ['ignore', log, log], env: { ...process.env, JUPYTER_PATH: path.join(this.temp, 'prefix/share/jupyter'), JUPYTER_CONFIG_DIR: path.join(this.temp, 'config'), JUPYTER_RUNTIME_DIR: dir('runtime') } });
    let failed = null;
    this.server.on('error', e => { failed = e; });
    this.server.on('exit', c => { failed ??= new Error(`${this.opt.server} ended with ${c}`); });
    for (let i = 0; ; i++) {
      if (failed || i > 600) throw new Error(`${failed?.message || 'the server does not answer'}\n${fs.readFileSync(path.join(this.temp, 'log'), 'utf8').slice(-2000)}`);
      const ok = await fetch(`${this.base}/api/status?token=${this.token}`).then(r => r.ok, () => false);
      if (ok) return;
      await new Promise(r => setTimeout(r, 200));
    }
  }

  // end ends the kernels of notebooks that a script opened.
  async end(...files) {
    const call = (method, what) => fetch(`${this.base}/api/sessions${what}`, { method, headers: { Authorization: `token ${this.token}` } });
    for (const s of await call('GET', '').then(r => r.json())) if (files.includes(s.path)) await call('DELETE', '/' + s.id);
  }

  // open writes a notebook of the cells and opens it; its kernel is ready then.
  async open(name, kernel, cells) {
    const file = `${name}.ipynb`;
    await this.end(file);
    (this.files ??= []).push(file);
    fs.writeFileSync(path.join(this.root, file), JSON.stringify({ nbformat: 4, nbformat_minor: 5, metadata: { kernelspec: { name: kernel, display_name: kernel } },
      cells: cells.map((source, i) => ({ cell_type: 'code', id: 'c' + i, metadata: {}, outputs: [], execution_count: null, source })) }));
    const page = await this.browser.newPage({ viewport: { width: 1300, height: 1000 } });
    page.setDefaultTimeout(120000);
    page.faults = [];
    page.on('pageerror', e => page.faults.push(String(e)));
    await page.goto(`${this.base}/lab/workspaces/${name}-${process.pid}/tree/${file}?reset&token=${this.token}`);
    await page.waitForFunction(() => {
      const a = window.jupyterapp || window.jupyterlab, p = a && a.shell.currentWidget, k = p && p.sessionContext && p.sessionContext.session && p.sessionContext.session.kernel;
      return k && k.connectionStatus === 'connected' && k.info;
    }).catch(async e => {
      await page.screenshot({ path: `${this.opt.out}/failed.png` });
      const log = this.server ? fs.readFileSync(path.join(this.temp, 'log'), 'utf8').slice(-2000) : '';
      throw new Error(`${file} has no kernel after two minutes, see ${this.opt.out}/failed.png; ${page.faults.join('; ')}\n${log}`);
    });
    return page;
  }

  async stop() {
    if (this.files) await this.end(...this.files).catch(() => { });
    await this.browser?.close().catch(() => { });
    if (this.server?.pid) {
      const gone = new Promise(r => this.server.on('exit', r));
      if (this.server.exitCode === null) {
        this.server.kill('SIGTERM'); // it ends its kernels then
        await Promise.race([gone, new Promise(r => setTimeout(r, 15000))]);
      }
      try { process.kill(-this.server.pid, 'SIGKILL'); } catch { }
    }
    fs.rmSync(this.temp, { recursive: true, force: true, maxRetries: 5 });
  }
}

export const panel = '.jp-NotebookPanel:not(.lm-mod-hidden) ';
export const command = (page, id) => page.evaluate(id => { (window.jupyterapp || window.jupyterlab).commands.execute(id); }, id);
export const version = page => page.evaluate(() => (window.jupyterapp || window.jupyterlab).version);

// runCell runs one cell and does not wait for it.
export async function runCell(page, i) {
  await page.evaluate(i => { const c = (window.jupyterapp || window.jupyterlab).shell.currentWidget.content; c.activeCellIndex = i; c.deselectAll(); }, i);
  await command(page, 'notebook:run-cell');
}

export const quantile = (list, q) => { const s = [...list].sort((a, b) => a - b); return s.length ? s[Math.min(s.length - 1, Math.floor(q * s.length))] : NaN; };
export const ms = v => Number.isFinite(v) ? v.toFixed(1) : '-';
