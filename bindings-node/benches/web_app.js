'use strict'

// The application that `web.js` measures: node web_app.js FRAMEWORK VARIANT, which is `bare`, `bartizan` or `tracer`.

const [framework, variant] = process.argv.slice(2)

if (variant === 'tracer') {
  require('dd-trace').init({ appsec: true, startupLogs: false })
}

const FRAMEWORKS = {
  express () {
    const express = require('express')
    const app = express()
    if (variant === 'bartizan') app.use(require('../lib/web/express').protect())
    app.use(express.json(), express.urlencoded({ extended: false, limit: '1mb' }))
    app.get('/', (req, res) => res.json({ hello: req.query.name }))
    app.post('/', (req, res) => res.json({ fields: Object.keys(req.body).length }))
    return new Promise((resolve) => { const server = app.listen(0, '127.0.0.1', () => resolve(server)) })
  },
  async fastify () {
    const app = require('fastify')({ bodyLimit: 1 << 20 })
    if (variant === 'bartizan') app.register(require('../lib/web/fastify'))
    app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (req, body, done) => done(null, Object.fromEntries(new URLSearchParams(body))))
    app.get('/', async (request) => ({ hello: request.query.name }))
    app.post('/', async (request) => ({ fields: Object.keys(request.body).length }))
    await app.listen({ port: 0, host: '127.0.0.1' })
    return app.server
  }
}

FRAMEWORKS[framework]().then((server) => console.log(`port ${server.address().port}`))
