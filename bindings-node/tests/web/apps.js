'use strict'

// The same small application in each framework, bare or protected.

const http = require('node:http')
const { setTimeout: sleep } = require('node:timers/promises')
const { protect: protectHttp } = require('bartizan/http')
const { protect: protectExpress } = require('bartizan/express')
const { protect: protectKoa } = require('bartizan/koa')
const bartizanFastify = require('bartizan/fastify')

/** What the routes do, on the request and response of node:http. */
const RAW = {
  '/plain': (req, res) => res.end('hello'),
  '/empty': (req, res) => res.end(),
  '/implicit': (req, res) => { res.setHeader('X-Own', ['1', '2']); res.statusCode = 201; res.write('a'); res.end('b') },
  '/object': (req, res) => { res.writeHead(200, { 'X-A': 1, 'x-b': ['2', '3'] }); res.end('x') },
  '/flat': (req, res) => { res.writeHead(200, ['x-a', '1', 'X-A', '2']); res.end('x') },
  '/pairs': (req, res) => { res.writeHead(200, [['x-a', '1'], ['X-A', '2']]); res.end('x') },
  '/reason': (req, res) => { res.writeHead(299, 'Odd', { 'x-a': '1' }); res.end('x') },
  '/reason-only': (req, res) => { res.writeHead(299, 'Odd'); res.end('x') },
  '/both': (req, res) => { res.setHeader('X-A', '1'); res.setHeader('x-b', '2'); res.writeHead(200, { 'x-a': '3' }); res.end('x') },
  '/both-flat': (req, res) => { res.setHeader('X-A', '1'); res.writeHead(200, ['x-a', '3', 'x-a', '4']); res.end('x') },
  '/set-headers': (req, res) => { res.setHeaders(new Map([['x-a', '1']])); res.appendHeader('x-a', '2'); res.end('x') },
  '/flush': async (req, res) => { res.flushHeaders(); await sleep(5); res.end('late') },
  '/trailers': (req, res) => { res.writeHead(200, { trailer: 'x-t', 'transfer-encoding': 'chunked' }); res.write('a'); res.addTrailers({ 'x-t': '1' }); res.end() },
  '/204': (req, res) => { res.writeHead(204); res.end() },
  '/304': (req, res) => { res.statusCode = 304; res.end() },
  '/length': (req, res) => { res.writeHead(200, { 'content-length': 5 }); res.end('12345') },
  '/latin': (req, res) => { res.setHeader('x-latin', '\xe9'); res.end('\xe9', 'latin1') },
  '/callbacks': (req, res) => res.write('a', () => res.end('b', 'utf8', () => {})),
  '/early': (req, res) => { res.writeEarlyHints({ link: '</a>; rel=preload' }); res.end('x') },
  '/continue': (req, res) => { res.writeProcessing(); res.end('x') },
  '/no-date': (req, res) => { res.sendDate = false; res.end('x') },
  '/twice': (req, res) => { res.writeHead(200); try { res.writeHead(201) } catch (error) { res.end(error.code) } },
  '/invalid': (req, res) => { try { res.writeHead(9999) } catch (error) { res.end(error.code) } },
  '/bad-header': (req, res) => { try { res.writeHead(200, { 'x y': '1' }) } catch (error) { res.writeHead(200); res.end(error.code) } },
  '/stream': async (req, res) => { for (const piece of ['one', 'two', 'three']) { res.write(piece); await sleep(2) } res.end() },
  '/echo': (req, res) => req.pipe(res)
}
const handle = (req, res) => (RAW[req.url.split('?')[0]] ?? ((q, r) => { r.statusCode = 404; r.end('none') }))(req, res)

/** By name: a server with the application; `engine` protects it. */
const FRAMEWORKS = {
  http (engine) {
    return http.createServer(engine ? protectHttp(handle, engine) : handle)
  },
  server (engine) {
    const server = http.createServer()
    if (engine) protectHttp(server, engine)
    return server.on('request', handle)
  },
  connect (engine) {
    const app = require('connect')()
    if (engine) app.use(protectExpress(engine))
    return http.createServer(app.use(handle))
  },
  express: (engine) => expressApp(require('express'), engine),
  express4: (engine) => expressApp(require('express4'), engine),
  async fastify (engine) {
    const app = require('fastify')()
    if (engine) app.register(bartizanFastify, { engine })
    app.get('/items/:id', async (request) => ({ id: request.params.id }))
    app.get('/page', async (request, reply) => reply.header('x-own', '1').type('text/html').send('<p>page'))
    app.post('/json', async (request) => ({ got: request.body }))
    app.get('/error', async () => { throw new Error('ours') })
    app.get('/piped', (request, reply) => reply.send(require('node:stream').Readable.from(['a', 'b'])))
    app.setErrorHandler((error, request, reply) => reply.code(500).send('broken'))
    await app.ready()
    return app.server
  },
  koa (engine) {
    const Koa = require('koa')
    const { Router } = require('@koa/router')
    const app = new Koa()
    app.silent = true
    if (engine) app.use(protectKoa(engine))
    const router = new Router()
    router.get('/items/:id', (ctx) => { ctx.body = { id: ctx.params.id } })
    router.get('/page', (ctx) => { ctx.set('x-own', '1'); ctx.type = 'html'; ctx.body = '<p>page' })
    router.post('/json', async (ctx) => {
      const pieces = []
      for await (const piece of ctx.req) pieces.push(piece)
      ctx.body = { got: JSON.parse(Buffer.concat(pieces)) }
    })
    router.get('/error', () => { throw new Error('ours') })
    router.get('/piped', (ctx) => { ctx.body = require('node:stream').Readable.from(['a', 'b']) })
    app.use(router.routes())
    return http.createServer(app.callback())
  }
}

function expressApp (express, engine) {
  const app = express()
  if (engine) app.use(protectExpress(engine))
  app.use(express.json({ limit: '20mb' }))
  app.get('/items/:id', (req, res) => res.json({ id: req.params.id }))
  app.get('/page', (req, res) => res.set('x-own', '1').type('html').send('<p>page'))
  app.post('/json', (req, res) => res.json({ got: req.body }))
  app.get('/error', () => { throw new Error('ours') })
  app.get('/piped', (req, res) => require('node:stream').Readable.from(['a', 'b']).pipe(res))
  app.use((req, res, next) => RAW[req.path] ? handle(req, res) : next())
  // eslint-disable-next-line no-unused-vars
  app.use((error, req, res, next) => res.status(500).send('broken'))
  return http.createServer(app)
}

/** Starts a server on a free port, which is returned with it. */
async function listen (made) {
  const server = await made
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { server, port: server.address().port }
}

module.exports = { FRAMEWORKS, handle, listen, RAW }
