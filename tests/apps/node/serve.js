'use strict'

// Serves one of the applications: node serve.js NAME PORT [WORKERS]. Without a port, it says which it has got. With the variable
// BARE, it is not protected.

const cluster = require('node:cluster')
const fs = require('node:fs')
const path = require('node:path')

const [name, port, workers = 0] = process.argv.slice(2)

if (workers > 0 && cluster.isPrimary) {
  for (let n = 0; n < workers; n++) cluster.fork()
  let listening = 0
  cluster.on('listening', () => { if (++listening === Number(workers)) console.log(port) })
  cluster.on('exit', (worker, code) => process.exit(code ?? 1))
} else {
  serve()
}

async function serve () {
  const { Engine, protectCalls } = require('bartizan')
  const { APPS } = require('./apps')
  let engine
  if (!process.env.BARE) {
    const { settings, blocks, remote } = JSON.parse(fs.readFileSync(path.join(__dirname, '..', 'scenario.json'), 'utf8'))
    engine = new Engine(null, settings)
    for (const block of blocks) engine.block(block)
    engine.applyRemote({ changed: remote })
    protectCalls()
  }
  const server = await APPS[name](engine)
  server.listen(Number(port), '127.0.0.1', () => { if (!cluster.isWorker) console.log(server.address().port) })
}
