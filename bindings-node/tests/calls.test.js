'use strict'

// Dangerous calls in a request, each with data that changes what it does, and with honest data.

const assert = require('node:assert/strict')
const childProcess = require('node:child_process')
const fs = require('node:fs')
const http = require('node:http')
const https = require('node:https')
const path = require('node:path')
const { once } = require('node:events')
const { isBuiltin } = require('node:module')
const { after, before, test } = require('node:test')
const { pathToFileURL } = require('node:url')
const { promisify } = require('node:util')
const { Blocked, Engine, protectCalls } = require('bartizan')
const { protect } = require('bartizan/http')
const { listen } = require('./web/apps')
const { exchange, request: raw } = require('./web/wire')

protectCalls()

const spans = []
const PARAMETERS = ['server.request.query', 'server.request.body'].map((address) => ({ address }))
const rule = (id, operator, resource, more = {}) => ({
  id,
  name: id,
  tags: { type: id, category: 'vulnerability_trigger', module: 'rasp' },
  conditions: [{ operator, parameters: { resource: [{ address: resource }], params: PARAMETERS, ...more } }],
  on_match: ['block', 'stack_trace']
})
/** Rules about calls alone, so that it is the call that is refused. */
const rules = {
  version: '2.2',
  rules: [
    rule('lfi', 'lfi_detector', 'server.io.fs.file'),
    rule('ssrf', 'ssrf_detector', 'server.io.net.url'),
    rule('sqli', 'sqli_detector', 'server.db.statement', { db_type: [{ address: 'server.db.system' }] }),
    rule('shi', 'shi_detector', 'server.sys.shell.cmd'),
    rule('cmdi', 'cmdi_detector', 'server.sys.exec.cmd')
  ]
}
const engine = new Engine(rules, { mode: 'block', timeout_us: 60_000_000 })
/** Drivers of SQLite, if they are there. */
const installed = (name) => [path.join(__dirname, 'sqlite', 'node_modules', name)].find((folder) => fs.existsSync(path.join(folder, 'build')))
const SQLITE = {
  'better-sqlite3': installed('better-sqlite3'),
  sqlite3: installed('sqlite3'),
  'node:sqlite': isBuiltin('node:sqlite') ? 'node:sqlite' : undefined
}
let hits = 0
let port, server, outcome, target, targetServer

/** A directory with a file that is named by a client. */
const directory = fs.mkdtempSync(path.join(require('node:os').tmpdir(), 'bartizan-'))
fs.mkdirSync(path.join(directory, 'notes'))
fs.writeFileSync(path.join(directory, 'note.txt'), 'a note')
const within = (name) => `${directory}/notes/../${name}`

const FILE = ['../../../etc/hosts', 'note.txt']
const WORD = ['x; id', 'hello']
const QUOTE = ["x' or '1'='1", 'bob']
const HOST = ['127.0.0.1', 'none']
const text = (stream) => stream.toArray().then((pieces) => Buffer.concat(pieces).toString())

/** By name: data of an attack and of an honest request, and the call. */
const CALLS = {
  'fs.readFileSync': [FILE, (name) => fs.readFileSync(within(name))],
  'fs.readFile': [FILE, (name) => promisify(fs.readFile)(within(name))],
  'fs.promises.readFile': [FILE, (name) => fs.promises.readFile(within(name))],
  'fs.createReadStream': [FILE, (name) => text(fs.createReadStream(within(name)))],
  'fs.statSync': [FILE, (name) => fs.statSync(within(name))],
  'fs.openSync for writing': [FILE, (name) => fs.closeSync(fs.openSync(within(name), 'a'))],
  'fs.copyFile': [FILE, (name) => fs.promises.copyFile(within(name), `${directory}/copy`)],
  'fs.existsSync': [FILE, (name) => assert.ok(fs.existsSync(within(name)))],
  'a file URL': [['/etc/hosts', 'note.txt'], (name) => fs.readFileSync(pathToFileURL(name))],
  'child_process.exec': [WORD, (word) => promisify(childProcess.exec)(`echo ${word}`)],
  'child_process.exec with a callback': [WORD, (word) => new Promise((resolve, reject) => {
    const child = childProcess.exec(`echo ${word}`, (error, out) => error ? reject(error) : resolve(out))
    child.stdin.end()
  })],
  'child_process.execSync': [WORD, (word) => childProcess.execSync(`echo ${word}`)],
  'child_process.spawn with a shell': [WORD, (word) => once(childProcess.spawn('echo', [word], { shell: true }), 'close').then(([code]) => { if (code) throw new Blocked() })],
  'child_process.spawn that fails': [WORD, async (word) => {
    const child = childProcess.spawn(`echo ${word}`, { shell: true })
    const [error] = await Promise.race([once(child, 'error'), once(child, 'close').then(() => [])])
    if (error) throw error
  }],
  'child_process.execFileSync': [['/bin/ls', 'ls'], (file) => childProcess.execFileSync(file, ['/'])],
  'child_process.fork': [['/etc/evil.js', 'evil.js'], async (file) => {
    const child = childProcess.fork(file, { silent: true })
    const [error] = await Promise.race([once(child, 'error'), once(child, 'exit').then(() => [])])
    if (error) throw error
  }],
  'http.get': [HOST, (host) => answered(http.get(`http://${host}:${target}/`))],
  'http.request': [HOST, (host) => answered(http.request({ host, port: target, path: '/' }).end())],
  'https.get': [HOST, (host) => answered(https.get({ hostname: host, port: target }))],
  fetch: [HOST, (host) => fetch(`http://${host}:${target}/`)],
  'a redirect of fetch': [HOST, (host) => fetch(`http://localhost:${target}/to?${host}`)],
  'better-sqlite3': [QUOTE, (name) => {
    const database = new (require(SQLITE['better-sqlite3']))(':memory:')
    database.exec('create table users (name text)')
    return database.prepare(`select * from users where name = '${name}'`).all()
  }],
  'node:sqlite': [QUOTE, (name) => {
    const { DatabaseSync } = require('node:sqlite')
    return new DatabaseSync(':memory:').prepare(`select 1 where 'x' = '${name}'`).all()
  }],
  'node:sqlite, exec': [QUOTE, (name) => {
    const { DatabaseSync } = require('node:sqlite')
    return new DatabaseSync(':memory:').exec(`select 1 where 'x' = '${name}'`)
  }],
  ...Object.fromEntries(['run', 'get', 'all', 'each', 'exec'].map((method) => [`sqlite3, ${method}`, [QUOTE, (name) => {
    return new Promise((resolve, reject) => {
      const done = (error) => error ? reject(error) : resolve()
      const callbacks = method === 'each' ? [() => {}, done] : [done]
      inMemory()[method](`select 1 where 'x' = '${name}'`, ...callbacks)
    })
  }]])),
  'sqlite3, prepare': [QUOTE, (name) => new Promise((resolve, reject) => {
    const statement = inMemory().prepare(`select 1 where 'x' = '${name}'`)
    statement.on('error', () => {})
    statement.all((error) => statement.finalize(() => error ? reject(error) : resolve()))
  })],
  'sqlite3, an event': [QUOTE, (name) => new Promise((resolve, reject) => {
    const database = inMemory().on('error', reject)
    database.run(`select 1 where 'x' = '${name}'`)
    database.wait(resolve)
  })]
}

function inMemory () {
  const { Database } = require(SQLITE.sqlite3).verbose()
  return new Database(':memory:')
}

async function answered (request) {
  const [answer] = await once(request, 'response')
  answer.resume()
}

before(async () => {
  ({ server: targetServer, port: target } = await listen(http.createServer((req, res) => {
    const [, host] = req.url.split('to?')
    if (host) res.writeHead(302, { location: `http://${host}:${target}/` })
    else hits++
    res.end('internal')
  })))
  ;({ server, port } = await listen(protect(http.createServer(async (req, res) => {
    const query = new URL(req.url, 'http://h').searchParams
    try {
      await CALLS[query.get('call')][1](query.get('data'))
      outcome = undefined
    } catch (error) {
      outcome = error
    }
    res.end('done')
  }), engine, { span: () => { const tags = {}; spans.push(tags); return { tags, setTag: (name, value) => { tags[name] = value } } } })))
})

after(() => {
  server.close()
  targetServer.close()
  targetServer.closeAllConnections()
  fs.rmSync(directory, { recursive: true })
})

const send = (call, data) => exchange(port, [raw('GET', `/?${new URLSearchParams({ call, data })}`)])
const missing = (call) => call.includes('sqlite') && SQLITE[call.split(',')[0]] === undefined

for (const [call, [[attack, honest]]] of Object.entries(CALLS)) {
  test(call, { skip: missing(call) && 'not installed' }, async () => {
    outcome = undefined
    const refused = await send(call, attack)
    assert.match(refused, /^HTTP\/1.1 403 /)
    assert.ok(outcome instanceof Blocked || outcome?.cause instanceof Blocked || call.includes('exists'), String(outcome))
    assert.equal(hits, 0)
    assert.match(await send(call, honest), /^HTTP\/1.1 200 .*done$/s)
    assert.ok(!(outcome instanceof Blocked), String(outcome))
    hits = 0
  })
}

test('stacks are reported, from the application down', async () => {
  spans.length = 0
  await send('fs.readFileSync', FILE[0])
  const { exploit: [stack] } = JSON.parse(spans[0]['_dd.stack'])
  assert.equal(stack.language, 'nodejs')
  assert.equal(stack.frames[0].file, __filename)
  assert.ok(JSON.parse(spans[0]['_dd.appsec.json']).triggers.some((event) => event.stack_id === stack.id))
})

test('nothing is judged outside of requests, in monitor mode, and once it is turned off', async (t) => {
  assert.ok(fs.existsSync(within('note.txt')))
  assert.equal(protectCalls(false), false)
  assert.match(await send('fs.statSync', FILE[0]), / 200 /)
  assert.equal(protectCalls(), true)
  const quiet = await listen(http.createServer(protect((req, res) => {
    fs.existsSync(within(new URL(req.url, 'http://h').searchParams.get('data')))
    res.end('done')
  }, new Engine(rules, { mode: 'monitor' }))))
  t.after(() => quiet.server.close())
  assert.match(await exchange(quiet.port, [raw('GET', `/?data=${FILE[0]}`)]), / 200 /)
})
