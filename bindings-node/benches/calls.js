'use strict'

// What judging a dangerous call costs: node benches/calls.js [CALLS]. Prints, for each kind of call, the time of one outside of
// requests, in a request but turned off, and in a request, each the median of several rounds that alternate.

const childProcess = require('node:child_process')
const fs = require('node:fs')
const http = require('node:http')
const { Engine, protectCalls, sdk } = require('..')

const calls = Number(process.argv[2] ?? 2000)
const ROUNDS = 9

const engine = new Engine(undefined, { mode: 'block' })
protectCalls()

/** The requests are refused by the sockets of nobody: a port where nobody listens. */
const url = 'http://127.0.0.1:9/a/path?with=a&query=b'
const KINDS = {
  'fs.statSync of an absolute path': () => fs.statSync(__filename),
  'fs.existsSync of a relative path': () => fs.existsSync('package.json'),
  'child_process.spawnSync': [() => childProcess.spawnSync('/bin/true', ['a', 'b']), 50],
  'http.request': [() => http.request(url).on('error', () => {}).destroy(), 10]
}
try {
  const Database = require('../tests/sqlite/node_modules/better-sqlite3')
  const database = new Database(':memory:')
  database.exec('create table users (name text)')
  KINDS['better-sqlite3, a statement'] = () => database.prepare("select * from users where name = 'ann' and 1 < 2").all()
} catch {
  console.log('better-sqlite3 is not installed: ../tests/sqlite')
}

/** A request with ordinary data, which is compared with each call. */
function begin () {
  const request = engine.request()
  request.head({
    method: 'GET',
    target: '/search?q=a+fine+day&page=2&sort=name&filter=price%3C100',
    headers: [['host', 'example.org'], ['user-agent', 'Mozilla/5.0'], ['cookie', 'session=0123456789abcdef']]
  })
  return request
}

const median = (numbers) => numbers.sort((a, b) => a - b)[numbers.length >> 1]

function time (call, count) {
  const start = process.hrtime.bigint()
  for (let n = 0; n < count; n++) call()
  return Number(process.hrtime.bigint() - start) / count / 1000
}

const microseconds = (number) => number.toFixed(2).padStart(10)
console.log(`${'microseconds a call'.padEnd(34)}${'outside'.padStart(10)}${'off'.padStart(10)}${'judged'.padStart(10)}`)
for (const [name, kind] of Object.entries(KINDS)) {
  const [call, share] = [kind].flat()
  const count = Math.max(Math.round(calls / (share ?? 1)), 5)
  const times = { outside: [], off: [], judged: [] }
  for (let round = 0; round < ROUNDS; round++) {
    times.outside.push(time(call, count))
    protectCalls(false)
    times.off.push(sdk.run(begin(), () => time(call, count)))
    protectCalls(true)
    times.judged.push(sdk.run(begin(), () => time(call, count)))
  }
  console.log(name.padEnd(34) + Object.values(times).map((all) => microseconds(median(all))).join(''))
}
