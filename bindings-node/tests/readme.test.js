'use strict'

// The programs of the README run as they are written.

const assert = require('node:assert/strict')
const { spawnSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')
const { test } = require('node:test')

const root = path.join(__dirname, '..')
const readme = fs.readFileSync(path.join(root, 'README.md'), 'utf8')
const programs = [...readme.matchAll(/```js\n(.*?)```/gs)].map(([, program]) => program)
const prints = ["' OR 1=1 --", 'blocked: address 203.0.113.7\n403 { address: 1 }', 'low Enumeration of accounts through the login']

for (const [index, print] of prints.entries()) {
  test(`program ${index + 1} prints "${print}"`, () => {
    const program = programs[index].replace("require('bartizan')", "require('.')")
    const run = spawnSync(process.execPath, ['-e', program], { cwd: root, encoding: 'utf8', timeout: 60_000 })
    assert.equal(run.status, 0, run.stderr)
    assert.ok(run.stdout.includes(print), run.stdout)
  })
}

test('there is no other program', () => assert.equal(programs.length, prints.length))
