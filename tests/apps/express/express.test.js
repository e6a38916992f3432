'use strict'

// The Express application over HTTP, with spans of the OpenTelemetry SDK.

const assert = require('node:assert/strict')
const fs = require('node:fs')
const path = require('node:path')
const { after, beforeEach, test } = require('node:test')
const { setTimeout: sleep } = require('node:timers/promises')
const { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } = require('@opentelemetry/sdk-trace-base')
const { Engine, protection } = require('bartizan')
const makeApp = require('./app')

const file = (name) => fs.readFileSync(path.join(__dirname, '..', name), 'utf8')
const SUCCESS = 'appsec.events.users.login.success'
const FAILURE = 'appsec.events.users.login.failure'

const exporter = new InMemorySpanExporter()
const tracer = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }).getTracer('test')
let engine, server

beforeEach(() => serve())

/** Starts the application with these settings of its engine. */
async function serve (settings) {
  server?.close()
  engine = new Engine(JSON.parse(file('rules.json')), { mode: 'block', ...settings })
  const app = makeApp(protection(engine, (req) => req.span))
  server = require('node:http').createServer((req, res) => {
    req.span = tracer.startSpan('web.request')
    app(req, res)
    res.once('close', () => req.span.end())
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
}

after(() => server.close())

/** Sends a request; returns status, body and the tags of its span. */
async function send (target, form, headers = {}) {
  exporter.reset()
  const response = await fetch(`http://127.0.0.1:${server.address().port}${target}`, {
    method: form ? 'POST' : 'GET',
    body: form && new URLSearchParams(form),
    headers: { 'x-forwarded-for': '8.8.8.8', connection: 'close', ...headers }
  })
  const body = await response.text()
  while (exporter.getFinishedSpans().length === 0) await sleep(5)
  return { status: response.status, body, headers: response.headers, tags: exporter.getFinishedSpans()[0].attributes }
}

const login = (username, password) => send('/login', { username, password })

test('logins are reported', async () => {
  const success = await login('bob@example.org', 'correct')
  assert.equal(success.body, 'welcome')
  const expected = {
    [`${SUCCESS}.track`]: 'true',
    [`${SUCCESS}.usr.login`]: 'bob@example.org',
    [`${SUCCESS}.usr.id`]: 'u-1',
    [`${SUCCESS}.plan`]: 'gold',
    [`_dd.${SUCCESS}.sdk`]: 'true',
    '_dd.appsec.user.collection_mode': 'sdk',
    'usr.id': 'u-1',
    'usr.name': 'Bob',
    'http.client_ip': '8.8.8.8',
    'http.request.headers.x-forwarded-for': '8.8.8.8'
  }
  for (const [name, value] of Object.entries(expected)) assert.equal(success.tags[name], value, name)

  const failure = await login('bob@example.org', 'wrong')
  assert.equal(failure.status, 401)
  assert.equal(failure.tags[`${FAILURE}.usr.exists`], 'true')
  assert.equal(failure.tags[`${FAILURE}.reason`], 'password')
  assert.equal(failure.tags['usr.id'], undefined)
  assert.equal((await login('nobody', 'x')).tags[`${FAILURE}.usr.exists`], 'false')
  assert.equal((await send('/coupon', { code: '1' })).tags['appsec.events.activity.sensitive.name'], 'coupon_use')
})

test('collection modes', async () => {
  const seen = async (mode) => {
    engine.applyRemote({ changed: [['datadog/2/ASM_FEATURES/mode/config', { auto_user_instrum: { mode } }]] })
    const { tags } = await send('/framework-login', { username: 'test' })
    return [tags['usr.id'], tags[`${SUCCESS}.usr.login`]]
  }
  assert.deepEqual(await seen('identification'), ['u-1', 'test'])
  assert.equal((await seen('anonymization'))[1], 'anon_9f86d081884c7d659a2feaa0c55ad015')
  assert.deepEqual(await seen('disabled'), [undefined, undefined])
})

test('a user blocked while the site runs', async () => {
  const me = (user, accept = '*/*') => send('/me', undefined, { 'x-user': user, accept })
  assert.equal((await me('u-1')).body, 'you are u-1')
  engine.block({ user: 'u-1', seconds: 3600 })
  const { status, body, headers, tags } = await me('u-1', 'text/html')
  assert.deepEqual([status, tags['appsec.blocked'], tags['usr.id']], [403, 'true', 'u-1'])
  assert.match(body, /You've been blocked/)
  assert.equal(headers.get('x-powered-by'), null)
  assert.ok(body.includes(JSON.parse(tags['_dd.appsec.json']).triggers[0].security_response_id))
  assert.equal((await login('bob@example.org', 'correct')).status, 403)
  assert.equal((await me('u-2')).status, 200)
  assert.equal(engine.unblock({ user: 'u-1' }), true)
  assert.equal((await me('u-1')).status, 200)
  engine.block({ user: 'u-1', seconds: 3600 })
  assert.equal((await me('u-1')).status, 403)
  engine.call('extend', { user: 'u-1', until: 1 })
  assert.equal((await me('u-1')).status, 200)
})

test('an address blocked while the site runs', async () => {
  engine.block({ ip: '8.8.0.0/16' })
  const { status, body, tags } = await send('/')
  assert.deepEqual([status, tags['appsec.blocked']], [403, 'true'])
  assert.equal(JSON.parse(body).errors[0].title, "You've been blocked")
  assert.equal((await send('/', undefined, { 'x-forwarded-for': '9.9.9.9' })).body, 'hello')
  assert.equal(engine.extend({ ip: '8.8.0.0/16', seconds: 60 }), true)
  engine.call('extend', { ip: '8.8.0.0/16', until: 1 })
  assert.equal((await send('/')).status, 200)
})

test('a denied address is blocked whatever the rules', async () => {
  const actions = [{ id: 'block', type: 'block_request', parameters: { status_code: 405, type: 'json' } }]
  const exclusions = [{ id: 'e', rules_target: [{ tags: { category: 'security_response' } }] }]
  engine.applyRemote({ changed: [['datadog/2/ASM/quiet/config', { actions, exclusions }]] })
  engine.block({ ip: '8.8.8.8' })
  const { status, body, tags } = await send('/')
  assert.deepEqual([status, tags['appsec.blocked'], tags['http.status_code']], [405, 'true', '405'])
  assert.equal(JSON.parse(body).security_response_id.length, 36)
})

test('trusted proxies', async () => {
  const client = async (settings) => {
    await serve(settings)
    const { tags } = await send('/', undefined, { 'x-forwarded-for': '6.6.6.6, 9.9.9.9', 'x-real-ip': '7.7.7.7' })
    return tags['http.client_ip']
  }
  assert.equal(await client({}), '6.6.6.6')
  assert.equal(await client({ trusted_proxies: ['127.0.0.0/8'] }), '9.9.9.9')
  assert.equal(await client({ trusted_proxies: ['127.0.0.0/8'], client_ip_header: 'X-Real-IP' }), '7.7.7.7')
  assert.equal(await client({ client_ip_header: 'X-Real-IP' }), '7.7.7.7')
  assert.equal(await client({ trusted_proxies: [] }), '127.0.0.1')
})

test('an attack is blocked by remote configuration', async () => {
  const attack = async () => (await send('/', undefined, { 'user-agent': 'Arachni/v1' })).status
  assert.equal(await attack(), 403)
  const action = { id: 'block', type: 'block_request', parameters: { status_code: 405, type: 'json' } }
  const report = engine.applyRemote({ changed: [['datadog/2/ASM/actions/config', { actions: [action] }]] })
  assert.equal(report.states[0].state, 2)
  assert.equal(await attack(), 405)
  engine.applyRemote({ removed: ['datadog/2/ASM/actions/config'] })
  assert.equal(await attack(), 403)
})

test('a rule tags logins without code', async () => {
  assert.equal((await send('/legacy', { username: 'eve' })).tags[`${FAILURE}.track`], undefined)
  engine.applyRemote({ changed: [['datadog/2/ASM/logins/config', file('business-logic.json')]] })
  const { status, tags } = await send('/legacy', { username: 'eve' })
  assert.deepEqual([status, tags[`${FAILURE}.track`], tags[`${FAILURE}.usr.login`]], [401, 'true', 'eve'])
})
