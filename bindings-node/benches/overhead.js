'use strict'

// How long a typical GET takes from object to result: `node benches/overhead.js RULESET.json`.

const fs = require('node:fs')
const { Waf } = require('..')

const REQUEST = {
  'http.client_ip': '203.0.113.7',
  'server.request.method': 'GET',
  'server.request.uri.raw': '/products/search?q=garden+chairs&page=2&sort=price',
  'server.request.query': { q: ['garden chairs'], page: ['2'], sort: ['price'] },
  'server.request.headers.no_cookies': {
    host: 'shop.example.org',
    'user-agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0',
    accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8',
    'accept-language': 'en-GB,en;q=0.5',
    'accept-encoding': 'gzip, deflate, br',
    referer: 'https://shop.example.org/products',
    connection: 'keep-alive'
  },
  'server.request.cookies': { session: ['3f1c9a7be0d94b7c'], theme: ['dark'] }
}

const median = (numbers) => numbers.sort((a, b) => a - b)[numbers.length >> 1]

function measure (name, call, rounds = 5000) {
  for (let i = 0; i < rounds / 5; i++) call()
  const [times, engine] = [[], []]
  for (let i = 0; i < rounds; i++) {
    const start = process.hrtime.bigint()
    const result = call()
    times.push(Number(process.hrtime.bigint() - start) / 1000)
    engine.push(result.durationMs * 1000)
  }
  const [all, within] = [median(times), median(engine)]
  console.log(`${name.padEnd(32)} ${all.toFixed(1).padStart(7)} us, ${(all - within).toFixed(1).padStart(6)} us of it outside`)
}

const rules = process.argv[2] ? JSON.parse(fs.readFileSync(process.argv[2])) : undefined
const waf = new Waf(rules, { timeoutMs: 1000 })
const unknown = Object.fromEntries(Object.entries(REQUEST).map(([name, value]) => [`unknown.${name}`, value]))
measure('GET, new context', () => waf.context().run(REQUEST))
measure('the same under unknown addresses', () => waf.context().run(unknown))
