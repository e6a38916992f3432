'use strict'

// Koa: one middleware, before all others.

const { Blocked } = require('../errors')
const sdk = require('../sdk')
const { Exchange } = require('./exchange')
const { judgeBody, judgeParams } = require('./judge')
const { settled } = require('./options')
const { noteUser } = require('./user')

/** The middleware that protects what comes after it. */
function protect (engine, options) {
  const settings = settled(engine, options)
  const { proxies } = settings
  return async function bartizan (ctx, next) {
    const { req, res } = ctx
    const begun = Exchange.of(req)
    const exchange = begun ?? new Exchange(settings.engine, req, res, settings)
    ctx.bartizan = exchange.request
    watch(ctx, exchange)
    watch(ctx, exchange)
    const run = async () => {
      try {
        await next()
      } catch (error) {
        // The response was written already.
        if (!exchange.replaced) throw error
      }
      if (exchange.replaced) ctx.respond = false
    }
    if (begun !== undefined) return sdk.run(exchange.request, run)
    return new Promise((resolve, reject) => {
      exchange.onEnded = () => {
        ctx.respond = false
        resolve()
      }
      exchange.begin(() => run().then(resolve, reject), { proxies })
    })
  }
}

/** Evaluates what routers, parsers and authentication put into the context, when they do. */
function watch (ctx, exchange) {
  const stop = (refused) => {
    if (refused) throw new Blocked('the request is blocked')
  }
  watchProperty(ctx, 'params', (params) => {
    // As @koa/router names it.
    exchange.route(ctx._matchedRoute)
    stop(judgeParams(exchange, params))
  })
  watchProperty(ctx.request, 'body', (body) => stop(judgeBody(exchange, body, ctx.req.headers)))
  watchProperty(ctx.state, 'user', (user) => stop(noteUser(exchange, 'koa', user, ctx.sessionId)))
}

function watchProperty (object, name, seen) {
  let value = object[name]
  const define = (enumerable) => Object.defineProperty(object, name, { get: () => value, set, configurable: true, enumerable })
  const set = (given) => {
    value = given
    define(true)
    seen(given)
  }
  define(value !== undefined)
}

module.exports = { protect }
