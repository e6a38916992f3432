'use strict'

// A plugin for Fastify. It concerns the whole application, not only the part that registers it.

const sdk = require('../sdk')
const { Exchange } = require('./exchange')
const { judgeBody, judgeParams } = require('./judge')
const { protect: protectServer } = require('./http')
const { settled } = require('./options')
const { noteUser } = require('./user')

function bartizan (fastify, { engine, ...options }, done) {
  const settings = settled(engine, options)
  const { proxies } = settings
  fastify.decorateRequest('bartizan', null)
  // Handshakes of websockets do not pass the hooks.
  if (typeof fastify.server?.emit === 'function') protectServer(fastify.server, settings.engine, options)

  fastify.addHook('onRequest', (request, reply, next) => {
    const { raw } = request
    const go = () => {
      request.bartizan = raw.bartizan
      next()
    }
    if (raw.bartizan !== undefined) return sdk.run(raw.bartizan, go)
    const exchange = new Exchange(settings.engine, raw, reply.raw, settings)
    exchange.onEnded = () => reply.hijack()
    return exchange.begin(go, { proxies })
  })

  // What the framework found out, before the application gets it.
  fastify.addHook('preHandler', (request, reply, next) => {
    const exchange = Exchange.of(request.raw)
    if (exchange === undefined) return next()
    exchange.route(request.routeOptions?.url)
    if (exchange.replaced || judgeParams(exchange, request.params) || judgeBody(exchange, request.body, request.headers) ||
      noteUser(exchange, 'fastify', request.user ?? undefined, request.session?.sessionId)) {
      reply.hijack()
      return undefined
    }
    return sdk.run(exchange.request, next)
  })
  done()
}

// As fastify-plugin marks plugins that are not confined to a part of the application.
bartizan[Symbol.for('skip-override')] = true
bartizan[Symbol.for('fastify.display-name')] = 'bartizan'
bartizan[Symbol.for('plugin-meta')] = { name: 'bartizan', fastify: '>=4' }

module.exports = bartizan
module.exports.default = bartizan
module.exports.bartizan = bartizan
