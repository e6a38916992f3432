'use strict'

// Every table of recorded answers, replayed through the package.

const assert = require('node:assert/strict')
const fs = require('node:fs')
const { test } = require('node:test')
const { Inexpressible, KINDS, TABLES, lines, parse } = require('./vectors')

// `remote.jsonl` is for hosts that speak the protocol of remote configuration, which this package does not.
for (const name of fs.readdirSync(TABLES).map((file) => file.replace(/\.jsonl$/, '')).filter((kind) => kind in KINDS)) {
  test(name, (t) => {
    const wrong = []
    let [asked, skipped] = [0, 0]
    for (const [index, line] of lines(`${name}.jsonl`).entries()) {
      try {
        KINDS[name](parse(line))
        asked++
      } catch (error) {
        if (error instanceof Inexpressible) skipped++
        else wrong.push(`${name}.jsonl:${index + 1}: ${line.slice(0, 300)}\n${String(error.message).slice(0, 1000)}`)
      }
    }
    t.diagnostic(`${asked} lines; ${skipped} hold values that JavaScript does not have`)
    assert.equal(wrong.length, 0, `${wrong.length} lines disagree:\n${wrong.slice(0, 5).join('\n')}`)
    assert.ok(asked > 0 && skipped < asked)
  })
}
