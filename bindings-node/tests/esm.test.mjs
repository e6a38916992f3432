// What ES modules import by name.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import http from 'node:http'
import { test } from 'node:test'
import * as all from 'bartizan'
import { Engine, protectCalls, Waf } from 'bartizan'
import { protect as protectExpress } from 'bartizan/express'
import bartizanFastify from 'bartizan/fastify'
import { protect } from 'bartizan/http'
import { protect as protectKoa } from 'bartizan/koa'

test('every name of the package', () => {
  assert.deepEqual(Object.keys(all.default).filter((name) => !(name in all)), [])
  assert.ok(new Waf().knownAddresses.length > 0)
  for (const part of [protect, protectExpress, protectKoa, bartizanFastify]) assert.equal(typeof part, 'function')
  assert.equal(bartizanFastify[Symbol.for('skip-override')], true)
})

test('nothing is extended before it is asked for', () => {
  const program = "const { _load } = require('node:module'); require('bartizan/koa'); console.log(require('node:module')._load === _load)"
  const { stdout } = spawnSync(process.execPath, ['-e', program], { cwd: new URL('..', import.meta.url), encoding: 'utf8' })
  assert.equal(stdout, 'true\n')
})

test('functions of fs that were imported by name are judged', async (t) => {
  assert.equal(protectCalls(true), true)
  const rule = {
    id: 'r',
    name: 'n',
    tags: { type: 't' },
    conditions: [{ operator: 'exact_match', parameters: { inputs: [{ address: 'server.io.fs.file' }], list: ['/etc/hosts'] } }],
    on_match: ['block']
  }
  const engine = new Engine({ version: '2.2', rules: [rule] }, { mode: 'block' })
  const server = http.createServer(protect((req, res) => res.end(String(existsSync(req.url))), engine)).listen(0)
  t.after(() => server.close())
  const get = async (path) => (await fetch(`http://127.0.0.1:${server.address().port}${path}`, { headers: { connection: 'close' } })).status
  assert.deepEqual([await get('/etc/hosts'), await get('/etc/passwd')], [403, 200])
})
