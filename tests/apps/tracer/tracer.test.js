'use strict'

// The same requests to the same application under dd-trace, with its own engine and with ours in its place.

const assert = require('node:assert/strict')
const { execFileSync } = require('node:child_process')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { after, test } = require('node:test')

const run = (command, given, cwd) => execFileSync(command, given, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'], maxBuffer: 1 << 26 })
const ours = fs.mkdtempSync(path.join(os.tmpdir(), 'bartizan-tracer-'))
after(() => fs.rmSync(ours, { recursive: true }))
run(path.join(__dirname, 'install'), [ours], __dirname)

const inPlace = JSON.parse(run(process.execPath, ['drive.js'], ours))
const original = JSON.parse(run(process.execPath, ['drive.js'], __dirname))

test('the engines are those that are compared', () => {
  assert.deepEqual([original.engine, inPlace.engine], ['1.30.1', '2.1.0'])
})

original.seen.forEach((expected, nth) => {
  test(`${expected.name}: ${expected.response.status}`, () => assert.deepEqual(inPlace.seen[nth], expected))
})

test('the requests lead to what is compared', () => {
  const count = (wanted) => original.seen.filter(({ response, tags }) => wanted(tags, response)).length
  assert.ok(count((tags, response) => response.status === 403) >= 9)
  assert.ok(count((tags) => tags['_dd.appsec.json'] !== undefined) >= 12)
  assert.ok(count((tags) => tags['_dd.appsec.fp.http.endpoint'] !== undefined) >= 20)
  assert.ok(count((tags) => tags['_dd.appsec.s.req.headers'] !== undefined) >= 20)
})

test('recorded answers of the class are those of the original', () => {
  const folder = path.join(__dirname, '../../../bindings-node/tests/native-appsec')
  const given = run(process.execPath, [path.join(folder, 'cases.js'), require.resolve('@datadog/native-appsec')], __dirname)
  assert.equal(given, fs.readFileSync(path.join(folder, 'answers.jsonl'), 'utf8'))
})
