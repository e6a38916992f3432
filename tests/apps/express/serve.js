'use strict'

// Serves the application for the takeover scenario, as flask/serve.py does.

const fs = require('node:fs')
const http = require('node:http')
const { Engine, protection, takeover } = require('bartizan')
const makeApp = require('./app')

const settings = JSON.parse(fs.readFileSync(0, 'utf8'))
const engine = new Engine(settings.rules, {
  takeover: settings.takeover,
  trusted_proxies: ['127.0.0.0/8'],
  service: 'shop',
  ...(settings.snapshot && {
    takeover_snapshot: Buffer.from(settings.snapshot, 'base64'),
    clock: 'manual',
    start_ms: settings.start_ms
  })
})
for (const file of settings.remote) engine.applyRemote({ changed: [file] })
const detector = engine.takeover
if (settings.webhook) {
  // eslint-disable-next-line no-new
  new takeover.Notifier(detector, 'webhook', settings.webhook, { secret: settings.secret, backoffMs: 100 })
}

/** What an operator of the process would call. */
const operations = {
  signals: () => detector.signals(),
  blocks: () => detector.blocks(),
  health: () => detector.health(),
  snapshot: () => detector.snapshot().toString('base64'),
  resolve: ({ id, how }) => detector.resolve(id, how),
  advance: ({ to_ms: toMs }) => detector.advance(toMs),
  unblock: ({ whom }) => detector.unblock(whom)
}

const app = makeApp(protection(engine))
const server = http.createServer(async (req, res) => {
  if (!req.url.startsWith('/-/')) return app(req, res)
  const parts = []
  for await (const part of req) parts.push(part)
  const answer = operations[req.url.slice(3)](JSON.parse(Buffer.concat(parts).toString() || '{}'))
  res.end(JSON.stringify(answer ?? null))
})
server.listen(0, '127.0.0.1', () => console.log(server.address().port))
