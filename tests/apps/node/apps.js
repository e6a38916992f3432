'use strict'

// The routes in each framework. With an engine, the application is protected, in one line.

const http = require('node:http')
const http2 = require('node:http2')
const { Readable } = require('node:stream')
const { buffer } = require('node:stream/consumers')
const { WebSocketServer } = require('ws')
const { protect: protectExpress } = require('bartizan/express')
const bartizanFastify = require('bartizan/fastify')
const { protect: protectHttp } = require('bartizan/http')
const { protect: protectKoa } = require('bartizan/koa')
const { knows, ROUTES, text, welcome } = require('./routes')

const routes = Object.entries(ROUTES).map(([route, run]) => {
  const [method, path] = route.split(' ')
  return { method, path, run }
})

/** A request as the routes take it. */
const given = (req, params) => ({
  headers: req.headers, query: new URL(req.url, 'http://h').searchParams, params, read: () => buffer(req)
})

/** Sends each message back. */
function echoMessages (server) {
  const sockets = new WebSocketServer({ noServer: true })
  server.on('upgrade', (req, socket, head) => sockets.handleUpgrade(req, socket, head, (channel) => {
    channel.on('message', (data) => {
      if (req.bartizan?.message(data)) channel.close(1008)
      else channel.send(String(data))
    })
  }))
  return server
}

async function plain (req, res) {
  try {
    const { pathname } = new URL(req.url, 'http://h')
    const [, item] = /^\/items\/(.*)$/.exec(pathname) ?? []
    const path = item === undefined ? pathname : '/items/:item'
    const method = req.method === 'HEAD' ? 'GET' : req.method
    const here = routes.filter((route) => route.path === path)
    const route = here.find((each) => each.method === method)
    const answer = route
      ? await route.run(given(req, { item: item && decodeURIComponent(item) }))
      : text('no', here.length > 0 ? 405 : 404)
    res.writeHead(answer.status, answer.headers)
    if (answer.body instanceof Readable) answer.body.pipe(res)
    else res.end(answer.body)
  } catch {
    if (!res.headersSent) res.writeHead(500)
    res.end('broken')
  }
}

const APPS = {
  http (engine) {
    const server = http.createServer(plain)
    if (engine) protectHttp(server, engine)
    return echoMessages(server)
  },
  http2 (engine) {
    const server = http2.createServer(plain)
    return engine ? protectHttp(server, engine) : server
  },
  express (engine) {
    const express = require('express')
    const passport = passportOf()
    const app = express()
    app.set('env', 'test')
    if (engine) app.use(protectExpress(engine))
    app.post('/login', express.urlencoded({ extended: false }), (req, res, next) => {
      passport.authenticate('local', { session: false }, (error, user) => {
        if (error) return next(error)
        const { status, headers, body } = user ? welcome(user.id) : text('wrong', 401)
        res.status(status).set(headers).send(body)
      })(req, res, next)
    })
    app.use((req, res, next) => {
      const user = /(?:^|; )user=(\w+)/.exec(req.headers.cookie ?? '')?.[1]
      if (user) req.user = { id: user }
      next()
    })
    app.get('/me', (req, res) => req.user ? res.send(req.user.id) : res.status(401).send('nobody'))
    for (const { method, path, run } of routes) {
      app[method.toLowerCase()](path, async (req, res) => {
        const { status, headers, body } = await run(given(req, req.params))
        res.status(status).set(headers)
        if (body instanceof Readable) body.pipe(res)
        else res.send(body)
      })
      app.all(path, (req, res, next) => routes.some((route) => route.path === path && route.method === req.method) ? next() : res.status(405).send('no'))
    }
    const server = http.createServer(app)
    // Handshakes of websockets do not pass the middleware.
    if (engine) protectHttp(server, engine)
    return echoMessages(server)
  },
  async fastify (engine) {
    const app = require('fastify')()
    if (engine) app.register(bartizanFastify, { engine })
    app.removeAllContentTypeParsers()
    app.addContentTypeParser('*', (request, payload, done) => done(null))
    for (const { method, path, run } of routes) {
      app.route({
        method,
        url: path,
        async handler (request, reply) {
          const { status, headers, body } = await run(given(request.raw, request.params))
          return reply.code(status).headers(headers).send(body)
        }
      })
    }
    for (const path of new Set(routes.map((route) => route.path))) {
      const others = ['GET', 'POST', 'DELETE'].filter((other) => !routes.some((route) => route.path === path && route.method === other))
      app.route({ method: others, url: path, handler: (request, reply) => reply.code(405).send('no'), exposeHeadRoute: false })
    }
    await app.ready()
    return echoMessages(app.server)
  },
  koa (engine) {
    const Koa = require('koa')
    const { Router } = require('@koa/router')
    const app = new Koa()
    app.silent = true
    if (engine) app.use(protectKoa(engine))
    const router = new Router()
    for (const { method, path, run } of routes) {
      router[method.toLowerCase()](path, async (ctx) => {
        const { status, headers, body } = await run(given(ctx.req, ctx.params))
        ctx.status = status
        ctx.set(headers)
        ctx.body = body
      })
    }
    app.use(router.routes()).use(router.allowedMethods())
    const server = http.createServer(app.callback())
    if (engine) protectHttp(server, engine)
    return echoMessages(server)
  }
}

function passportOf () {
  const { Passport } = require('passport')
  const { Strategy } = require('passport-local')
  const passport = new Passport()
  passport.use(new Strategy((username, password, done) => done(null, knows(username, password) ? { id: username } : false)))
  return passport
}

module.exports = { APPS }
