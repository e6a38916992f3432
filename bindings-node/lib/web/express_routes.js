'use strict'

// What Express finds out about a request on its way through the middlewares: parameters of the path, the parsed body, the user.
//
// Express has no event for that. All that it calls is in layers, so their class is extended, once for each version of Express
// in the process: before a layer runs, what is new is evaluated, and if the request is refused, the layer is not run.

const sdk = require('../sdk')
const { Exchange } = require('./exchange')
const { judgeBody, judgeParams } = require('./judge')
const { noteUser } = require('./user')

const watched = new WeakSet()

function watchRoutes (app) {
  if (app === undefined || watched.has(app)) return
  const Layer = (app._router ?? app.router)?.stack?.[0]?.constructor
  if (Layer === undefined) return
  watched.add(app)
  if (watched.has(Layer)) return
  watched.add(Layer)
  // The name in Express 4, and in Express 5.
  for (const name of ['handle_request', 'handleRequest']) {
    const run = Layer.prototype[name]
    if (typeof run === 'function') Layer.prototype[name] = watchedRun(run)
  }
}

function watchedRun (run) {
  return function (req, ...rest) {
    const exchange = Exchange.of(req)
    if (exchange === undefined) return run.call(this, req, ...rest)
    if (stops(exchange, req, this)) return undefined
    const { request } = exchange
    return sdk.current() === request ? run.call(this, req, ...rest) : sdk.run(request, () => run.call(this, req, ...rest))
  }
}

function stops (exchange, req, layer) {
  if (exchange.replaced) return true
  if (layer.route !== undefined) exchange.route(typeof layer.route.path === 'string' ? `${req.baseUrl}${layer.route.path}` : undefined)
  if (noteUser(exchange, 'express', req.user, req.sessionID)) return true
  return judgeParams(exchange, req.params) || (layer.route !== undefined && judgeBody(exchange, req.body, req.headers))
}

module.exports = { watchRoutes }
