'use strict'

// Express and connect: one middleware, before all others.

const sdk = require('../sdk')
const { Exchange } = require('./exchange')
const { watchRoutes } = require('./express_routes')
const { judgeBody } = require('./judge')
const { settled } = require('./options')

/** The middleware that protects what comes after it. */
function protect (engine, options) {
  const settings = settled(engine, options)
  const { proxies } = settings
  return function bartizan (req, res, next) {
    watchRoutes(req.app)
    if (req.bartizan !== undefined) return sdk.run(req.bartizan, next)
    return new Exchange(settings.engine, req, res, settings).begin(next, { proxies })
  }
}

/** The earlier form, with a second middleware after the body parsers, for bodies that the engine cannot read. */
function protection (engine, span, proxies) {
  const begin = protect(engine, { span, ...proxies })
  const evaluate = (req, res, next) => {
    if (!judgeBody(Exchange.of(req), req.body, req.headers)) sdk.run(req.bartizan, next)
  }
  return { begin, evaluate }
}

module.exports = { protect, protection }
