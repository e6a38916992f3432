'use strict'

// Logins and users that frameworks know, reported by themselves.

const assert = require('node:assert/strict')
const http = require('node:http')
const { test } = require('node:test')
const { Engine, sdk } = require('bartizan')
const { protect: protectExpress } = require('bartizan/express')
const bartizanFastify = require('bartizan/fastify')
const { protect: protectKoa } = require('bartizan/koa')
const { listen } = require('./web/apps')
const { exchange, request } = require('./web/wire')

const SUCCESS = 'appsec.events.users.login.success'
const FAILURE = 'appsec.events.users.login.failure'
const form = { 'content-type': 'application/x-www-form-urlencoded' }
const login = (username, password = 'right') => request('POST', '/login', form, `user%5Bname%5D=${username}&password=${password}`)

/** The collection of spans, in the order of their requests. */
function tracing () {
  const spans = []
  const span = () => {
    const tags = {}
    spans.push(tags)
    return { setTag: (name, value) => { tags[name] = value } }
  }
  return { spans, span }
}

/** An application in which people log in by a form, and are known by a header afterwards. */
function site (express, settings, report = () => {}) {
  const { Passport } = require('passport')
  const { Strategy } = require('passport-local')
  const passport = new Passport()
  passport.use(new Strategy({ usernameField: 'user[name]', session: false }, (name, password, done) => {
    report(name)
    if (name === 'broken') return done(new Error('down'))
    setImmediate(done, null, password === 'right' ? { _id: `id-${name}`, get name () { return name } } : false)
  }))
  passport.use('token', { name: 'token', authenticate (req) { req.headers['x-user'] ? this.success({ id: req.headers['x-user'] }) : this.pass() } })
  const app = express()
  const { engine, span } = settings
  app.use(protectExpress(engine, { span }))
  app.use(express.urlencoded({ extended: true }), passport.initialize())
  app.post('/login', passport.authenticate('local', { session: false }), (req, res) => res.send('welcome'))
  app.get('/me', passport.authenticate('token', { session: false }), (req, res) => res.send(`you are ${req.user?.id}`))
  app.use('/own', (req, res, next) => { if (req.headers['x-user']) req.user = { id: req.headers['x-user'] }; next() })
  app.get('/own', (req, res) => res.send(`you are ${req.user?.id}`))
  // eslint-disable-next-line no-unused-vars
  app.use((error, req, res, next) => res.status(500).send('broken'))
  return http.createServer(app)
}

for (const version of ['express', 'express4']) {
  test(`passport in ${version}`, async (t) => {
    const { spans, span } = tracing()
    const engine = new Engine(undefined, { mode: 'block' })
    engine.block({ user: 'id-mallory' })
    const { server, port } = await listen(site(require(version), { engine, span }))
    t.after(() => server.close())

    assert.match(await exchange(port, [login('ann')]), /200 OK.*welcome/s)
    const [success] = spans
    for (const [name, value] of Object.entries({
      [`${SUCCESS}.track`]: 'true',
      [`${SUCCESS}.usr.login`]: 'ann',
      [`_dd.${SUCCESS}.auto.mode`]: 'identification',
      '_dd.appsec.usr.login': 'ann',
      '_dd.appsec.usr.id': 'id-ann',
      'usr.id': 'id-ann',
      '_dd.appsec.user.collection_mode': 'identification'
    })) assert.equal(success[name], value, name)

    assert.match(await exchange(port, [login('bob', 'wrong')]), /401 Unauthorized/)
    assert.deepEqual([spans[1][`${FAILURE}.usr.login`], spans[1]['usr.id'], spans[1][`${FAILURE}.track`]], ['bob', undefined, 'true'])
    assert.match(await exchange(port, [login('broken')]), /500 /)
    assert.equal(spans[2][`${FAILURE}.track`], undefined)
    const refused = await exchange(port, [login('mallory')])
    assert.ok(/ 403 /.test(refused) && !refused.includes('welcome'), refused)
    assert.equal(spans[3]['appsec.blocked'], 'true')

    for (const path of ['/me', '/own']) {
      assert.match(await exchange(port, [request('GET', path, { 'x-user': 'u-1' })]), /you are u-1/)
      assert.deepEqual([spans.at(-1)['usr.id'], spans.at(-1)[`${SUCCESS}.track`]], ['u-1', undefined])
      assert.match(await exchange(port, [request('GET', path)]), /you are undefined/)
      assert.match(await exchange(port, [request('GET', path, { 'x-user': 'id-mallory' })]), / 403 /)
    }
  })
}

test('collection modes', async (t) => {
  const { spans, span } = tracing()
  for (const [mode, id, name] of [
    ['ident', 'id-test', 'test'],
    ['anon', 'anon_9d9c3d79ad4d5aafd5fb4d4bd4ae8f5f', 'anon_9f86d081884c7d659a2feaa0c55ad015'],
    ['disabled', undefined, undefined]
  ]) {
    const engine = new Engine(undefined, { environment: { DD_APPSEC_AUTO_USER_INSTRUMENTATION_MODE: mode } })
    const { server, port } = await listen(site(require('express'), { engine, span }))
    t.after(() => server.close())
    await exchange(port, [login('test')])
    const tags = spans.at(-1)
    assert.equal(tags[`${SUCCESS}.usr.login`], name, mode)
    if (mode === 'anon') assert.match(tags['usr.id'], /^anon_[0-9a-f]{32}$/)
    else assert.equal(tags['usr.id'], id, mode)
    await exchange(port, [login('test', 'wrong')])
    assert.equal(spans.at(-1)[`${FAILURE}.usr.login`], name, mode)
  }
})

test('calls of the application win', async (t) => {
  const { spans, span } = tracing()
  const engine = new Engine()
  const report = (name) => sdk.trackUserLoginSuccess(`${name}@example.org`, 'sdk-id')
  const { server, port } = await listen(site(require('express'), { engine, span }, report))
  t.after(() => server.close())
  await exchange(port, [login('ann')])
  const [tags] = spans
  assert.deepEqual(
    [tags['usr.id'], tags['_dd.appsec.user.collection_mode'], tags[`${SUCCESS}.usr.login`], tags['_dd.appsec.usr.id'], tags['_dd.appsec.usr.login']],
    ['sdk-id', 'sdk', 'ann@example.org', 'id-ann', 'ann']
  )
})

test('users of fastify and koa', async (t) => {
  const { spans, span } = tracing()
  const engine = new Engine()
  engine.block({ user: 'mallory' })
  const fastify = require('fastify')()
  fastify.register(bartizanFastify, { engine, span })
  fastify.decorateRequest('user', null)
  fastify.addHook('onRequest', async (req) => { if (req.headers['x-user']) req.user = { id: req.headers['x-user'] } })
  fastify.get('/', async (req) => `you are ${req.user?.id} ${sdk.current() === req.bartizan}`)
  await fastify.ready()
  const Koa = require('koa')
  const koa = new Koa()
  koa.use(protectKoa(engine, { span }))
  koa.use(async (ctx, next) => { if (ctx.headers['x-user']) ctx.state.user = { id: ctx.headers['x-user'] }; await next() })
  koa.use((ctx) => { ctx.body = `you are ${ctx.state.user?.id} ${sdk.current() === ctx.bartizan}` })
  for (const server of [fastify.server, http.createServer(koa.callback())]) {
    const { port } = await listen(server)
    t.after(() => server.close())
    assert.match(await exchange(port, [request('GET', '/', { 'x-user': 'u-1' })]), /you are u-1 true/)
    assert.equal(spans.at(-1)['usr.id'], 'u-1')
    assert.match(await exchange(port, [request('GET', '/')]), /you are undefined true/)
    assert.match(await exchange(port, [request('GET', '/', { 'x-user': 'mallory' })]), / 403 /)
  }
  const { statusCode, body } = await fastify.inject({ url: '/', headers: { 'x-user': 'u-2' } })
  assert.deepEqual([statusCode, body], [200, 'you are u-2 true'])
  assert.equal((await fastify.inject({ url: '/', headers: { 'x-user': 'mallory' } })).statusCode, 403)
  assert.equal((await fastify.inject({ method: 'POST', url: '/', payload: 'text', headers: { 'content-type': 'text/plain' } })).statusCode, 404)
})
