/** The version of libddwaf whose behaviour the engine implements. */
export const ENGINE_VERSION: string

/** A scalar, or an array or object of them, as results contain it. */
export type Value = null | boolean | number | string | Value[] | { [key: string]: Value }

export interface TimeoutOptions {
  /** The budget of a call in milliseconds; by default that of the Waf. */
  timeoutMs?: number
}

export interface WafOptions extends TimeoutOptions {
  /** The default budget of a call in milliseconds; 5 by default. */
  timeoutMs?: number
  /** Bytes of a string or key that are inspected; 4096 by default. */
  maxStringLength?: number
  /** Entries of a container that are inspected; 256 by default. */
  maxContainerSize?: number
  /** The depth of nesting that is inspected; 20 by default, 1000 at most. */
  maxContainerDepth?: number
  /** Values in the data of a call that are inspected; 100,000 by default. */
  maxValues?: number
}

/** A ruleset, ready to evaluate requests. One for the whole process. */
export class Waf {
  /**
   * @param rules a ruleset as `JSON.parse` returns it; without one, the built-in rules are used. Refused rules do not keep
   *   the others from loading: see `diagnostics`. Warnings about a configuration are also emitted as process warnings of the
   *   type `BartizanWarning`.
   * @throws ConfigurationError if none of the rules can be used
   * @throws ArgumentError if an option is unknown
   */
  constructor(rules?: object | null, options?: WafOptions)

  /** A context for one request. It keeps the current rules. */
  context(): Context

  /**
   * Adds a configuration, or replaces the one under this path, and builds a new instance. Contexts in flight keep the old
   * one. The initial rules have the path `default`.
   *
   * @throws ConfigurationError if nothing of the configuration can be used
   */
  update(path: string, config: object): Diagnostics

  /** Removes a configuration and builds a new instance; returns whether there was one. Without any rule, nothing is found. */
  remove(path: string): boolean

  /** The paths of all configurations. */
  paths(): string[]

  /** The diagnostics of the initial rules. */
  readonly diagnostics: Diagnostics

  /** Warnings about all current configurations. */
  readonly warnings: ConfigurationWarning[]

  /** The addresses that the rules use. Others need not be computed. */
  readonly knownAddresses: string[]

  /** The types of actions that the rules can trigger. */
  readonly knownActions: string[]
}

/** The evaluation of one request. It keeps its data and what matched; a rule fires at most once in it. */
export class Context {
  private constructor()

  /**
   * Evaluates data: an object (or `Map`) from addresses to values.
   *
   * Integers within the safe range stay integers, other numbers are floats. `bigint` is an integer where it fits into 64
   * bits, else text. `Buffer`, typed arrays and `ArrayBuffer` are strings of bytes; `Map` is an object, `Set` an array,
   * `URLSearchParams` and `Headers` are objects of arrays; other objects are what `toJSON` returns, or their own
   * enumerable properties. `undefined`, functions and symbols become null, and so does whatever throws when it is read. Lone
   * surrogates become U+FFFD. An object within itself becomes null. What is too long, too many or too deep is left out, as
   * `truncated` says. Up to half of the budget may be spent on converting the data; if that is not enough, the time is divided
   * between its parts. `incomplete` says why not everything was inspected. None of this throws.
   */
  run(data: object, options?: TimeoutOptions): Result

  /** Evaluates several batches of data in order within one budget; stops at a blocking verdict or at the end of the budget. */
  runBatches(batches: readonly object[], options?: TimeoutOptions): Result

  /**
   * A context that starts with everything this one knows; from then on the two are independent. For operations within a
   * request (a file opened, a query sent) whose data must not stay.
   */
  subcontext(): Context

  /**
   * Frees the data now. Later calls throw a `DisposedError`, except for this one. Otherwise data is freed some time after the context is no longer used,
   * but never within one turn of the event loop: a long loop should dispose of its contexts.
   */
  dispose(): void

  [Symbol.dispose](): void
}

/** What a call found, and what the caller should do. Bytes that are not UTF-8 appear as U+FFFD. */
export class Result {
  private constructor()
  /** The events, one per matching rule that reports them, in evaluation order. */
  readonly events: readonly Event[]
  /** What to do: the parameters of each type of action, the blocking one first. */
  readonly actions: Readonly<Record<string, Record<string, Value>>>
  /** Names and values for the trace. */
  readonly attributes: Readonly<Record<string, Value>>
  /** From the start of the evaluation to its end. */
  readonly durationMs: number
  /** Whether the budget was used up; the result has what was found until then. */
  readonly timeout: boolean
  /** Whether the trace should be kept. */
  readonly keep: boolean
  /** The number of batches that were evaluated completely. */
  readonly evaluated: number
  /** Whether there is any event, action or attribute. */
  readonly matched: boolean
  /** Whether there is an action that ends the request: `block_request` or `redirect_request`. */
  readonly blocked: boolean
  /** What was left out of the data of this call, or null. */
  readonly truncated: Truncated | null
  /**
   * Why not everything was inspected; empty if it was: `budget`, `string_length`, `container_size`, `container_depth`, or
   * `unfinished` if the budget ended while the data was converted.
   */
  readonly incomplete: readonly string[]
  /** The same as plain values, as the C library lays it out (`duration` in nanoseconds). */
  toJSON(): {
    events: readonly Event[]
    actions: Readonly<Record<string, Record<string, Value>>>
    duration: number
    timeout: boolean
    attributes: Readonly<Record<string, Value>>
    keep: boolean
    evaluated: number
  }
}

/** The original size of the largest item of each kind that was cut; 0 where none was. */
export interface Truncated {
  readonly stringLength: number
  readonly containerSize: number
  /** The depth of the first container that was left out. */
  readonly containerDepth: number
  /** Whether the budget ended before everything was converted. */
  readonly unfinished: boolean
}

/** A rule that matched, in the form that traces report. */
export interface Event {
  rule: { id: string, name: string, tags: Record<string, string>, on_match: string[] }
  /** One per condition, in order. */
  rule_matches: ConditionMatch[]
  /** Links the event to a stack trace taken by the caller. */
  stack_id?: string
  /** Links the event to the response that blocks the request. */
  security_response_id?: string
}

export interface ConditionMatch {
  /** The operator, with `!` where negated. */
  operator: string
  /** The expression of `match_regex`; empty for most operators. */
  operator_value: string
  /** One element: the address, value and path of the input or, for exploit detectors, of each argument by name. */
  parameters: Array<MatchedInput | MatchedArguments>
}

export interface MatchedInput {
  address: string
  value: string
  key_path: Array<string | number>
  /** The parts that matched. */
  highlight: string[]
}

export interface MatchedArguments {
  highlight: string[]
  [argument: string]: Omit<MatchedInput, 'highlight'> | string[]
}

/** The diagnostics of a configuration, section by section. */
export type Diagnostics = { [section: string]: Section | string | ConfigurationWarning[] | undefined } & {
  /** Why the configuration as a whole was refused. */
  error?: string
  ruleset_version?: string
  /** Warnings, and errors explained better than in the sections, whose texts are those of libddwaf. Not enumerable. */
  readonly warnings: ConfigurationWarning[]
  rules?: Section
  custom_rules?: Section
  actions?: Section
  exclusions?: Section
  rules_override?: Section
  rules_data?: Section
  exclusion_data?: Section
  processors?: Section
  scanners?: Section
}

export interface Section {
  /** Why the section could not be read; nothing else is then reported. */
  error?: string
  /** Ids in document order. */
  loaded?: string[]
  /** Ids of refused elements, or `index:N` for those without an id. */
  failed?: string[]
  /** Ids of elements that are meant for other versions of the engine. */
  skipped?: string[]
  /** Errors, each with the ids of the elements. */
  errors?: Record<string, string[]>
  /** Warnings, each with the ids of the elements. */
  warnings?: Record<string, string[]>
}

/** A warning about a configuration, which is in use nevertheless. */
export interface ConfigurationWarning {
  /**
   * `unreadable`, `unknown_section`, `empty`, `no_rules`, `invalid_pattern`, `costly_pattern`, `unknown_action`,
   * `unknown_address` or `unknown_rule`; there may be more in later versions.
   */
  kind: string
  /** The path of the configuration. */
  path: string
  /** The section; empty for the configuration as a whole. */
  section: string
  /** The id of the element, or `index:N`; empty for a section as a whole. */
  id: string
  message: string
}

/** A ruleset or another configuration that cannot be used. The message says what to fix. */
export class ConfigurationError extends Error {
  constructor(message: string, diagnostics: Diagnostics)
  readonly code: 'ERR_BARTIZAN_CONFIGURATION'
  readonly diagnostics: Diagnostics
}

/**
 * The user of a request is refused: the request must end with its `blockResponse`. Thrown if nothing else ends it, see
 * `Engine.request`.
 */
export class Blocked extends Error {
  constructor(message: string)
  readonly code: 'ERR_BARTIZAN_BLOCKED'
}

/** A context was used after it had been disposed of. */
export class DisposedError extends Error {
  constructor(message: string)
  readonly code: 'ERR_BARTIZAN_DISPOSED'
}

/** An argument or a setting that is invalid or unknown. */
export class ArgumentError extends TypeError {
  constructor(message: string)
  readonly code: 'ERR_BARTIZAN_ARGUMENT'
}

/**
 * Users, events, anonymization, blocking and HTTP. The engine makes all decisions, the same for all
 * languages.
 */
export namespace sdk {
  /** Runs a stateless function by name, from an object to an object. */
  function call(name: string, args?: object): { [key: string]: Value }

  /** The names of these functions. */
  const functions: readonly string[]

  /** The state of a process between requests: denylist, limits, learned responses. */
  class Service {
    constructor(settings?: { trace_rate_limit?: number, schema_delay?: number })
    /** Runs a function of the service, or a stateless one. */
    call(name: string, args?: object): { [key: string]: Value }
  }

  /** A span of Datadog or OpenTelemetry. */
  type Span =
    | { setTag(name: string, value: any): unknown }
    | { setAttribute(name: string, value: any): unknown }

  interface RequestOptions {
    /** Gets the tags. */
    span?: Span | undefined
    /** Evaluates the addresses. */
    context?: Context | undefined
    /** The collection mode of automatic events; `identification` by default. */
    mode?: string
  }

  /** The outcome of a call, which has been applied to the span and context of the request already. */
  interface Report {
    /** False if the call was ignored, for example outside of a request: see `warnings`. */
    accepted: boolean
    meta: Record<string, string>
    metrics: Record<string, number>
    /** Whether the trace should be kept. */
    keep: boolean
    /** What was evaluated in the context of the request. */
    addresses: Record<string, Value>
    telemetry: Array<{ metric: string, tags: Record<string, string> }>
    /** What to log. */
    warnings: string[]
    /** What the engine found; if `result.blocked` is true, end the request. */
    result: Result | null
  }

  type Id = string | number | bigint
  /** An id, or an object with an id. The default text of an object (`[object Object]`) is not an id. */
  type User = Id | { id: Id, [field: string]: unknown }
  type Metadata = Record<string, unknown>

  /** The request in which users and events are reported. */
  class Request {
    constructor(options?: RequestOptions)
    /** Runs any function about users. */
    call(name: string, args?: object): Report
    /** Evaluates addresses in the context; attributes go to the span. */
    run(addresses: object): Result | null
    setUser(user: User, options?: { propagate?: boolean }): Report
    trackUserLoginSuccess(login: string, user?: User, metadata?: Metadata): Report
    /** Without `exists`, nothing is reported about whether there is such a user. */
    trackUserLoginFailure(login: string, exists?: boolean, metadata?: Metadata): Report
    trackUserSignup(login: string, user?: User, metadata?: Metadata): Report
    trackCustomEvent(name: string, metadata?: Metadata): Report
    trackUserLoginSuccessEvent(user: User, metadata?: Metadata): Report
    trackUserLoginFailureEvent(user: User | null | undefined, exists?: boolean, metadata?: Metadata): Report
    /** `success` is true unless given. */
    trackUserSignupEvent(user: User, success?: boolean, login?: string): Report
    /** Evaluates a business event, such as `payment.failure`. */
    submitBusinessLogic(name: string, values: unknown): Result | null
    /**
     * Returns whether the rules refuse a user or a session. Null is not refused.
     * @throws ArgumentError if a value cannot be an id
     */
    isUserBlocked(user: User | null | undefined, sessionId?: string | null): boolean
  }

  /** The request that is served now, if there is one. */
  function current(): Request | undefined

  /** Calls `callback`; the functions below, called in it or in its asynchronous continuations, report to this request. */
  function run<T>(request: Request, callback: () => T): T

  const setUser: Request['setUser']
  const trackUserLoginSuccess: Request['trackUserLoginSuccess']
  const trackUserLoginFailure: Request['trackUserLoginFailure']
  const trackUserSignup: Request['trackUserSignup']
  const trackCustomEvent: Request['trackCustomEvent']
  const trackUserLoginSuccessEvent: Request['trackUserLoginSuccessEvent']
  const trackUserLoginFailureEvent: Request['trackUserLoginFailureEvent']
  const trackUserSignupEvent: Request['trackUserSignupEvent']
  const submitBusinessLogic: Request['submitBusinessLogic']
  const isUserBlocked: Request['isUserBlocked']
  /**
   * Whether the current request must pass a further step, such as a second factor, before a password is checked. Either the
   * account or the service is under attack, and nobody logged in to the account from there before: an engine assesses requests
   * to the `login_routes` of its settings, and those that pass their login to `ServedRequest.assess`. Or a rule with an action
   * of the type `ato_step_up` matched.
   */
  function stepUp(): boolean
}

/** How to find the clients' addresses. */
export interface ProxySettings {
  /** The header in which the proxies in front of the service write the client's address. */
  client_ip_header?: string | undefined
  /** Their addresses and networks; the client is then the last hop that is not one of them. Empty if there are none. */
  trusted_proxies?: string[] | undefined
}

/** What is not evaluated: any combination. A `*` at the end of a path stands for any rest. */
export interface Exclusion {
  rule?: string | string[]
  /** The type of rules, such as `sql_injection`. */
  type?: string | string[]
  path?: string
  /** A parameter of query, body or route; of several names, each is a key within the former. */
  parameter?: string | string[]
  header?: string | string[]
  cookie?: string | string[]
}

/** An attack or a block. Fields that are not known are missing. */
export interface Notice {
  event: 'attack' | 'block'
  rule?: string
  name?: string
  type?: string
  category?: string
  address?: string
  key_path?: Array<string | number>
  /** What matched, as the obfuscator shows it. */
  matched?: string
  action?: 'block' | 'would_block' | 'report'
  reason?: 'rule' | 'address' | 'user' | 'application' | 'incomplete' | 'takeover'
  user?: string
  status?: number
  /** The response had begun. */
  failed?: true
  security_response_id?: string
  client?: string
  method?: string
  path?: string
  route?: string
}

/**
 * The settings of an engine; `SETTINGS.md` says more of them, and which environment variables stand in for them. A setting of
 * any other name is an error.
 */
export interface EngineSettings extends ProxySettings {
  /** True by default. Null: off until remote configuration turns it on. */
  enabled?: boolean | null | undefined
  /** With `monitor`, the default, rules report, while refused users and addresses are blocked; with `block` rules block, too. */
  mode?: 'monitor' | 'block' | undefined
  /** What is not evaluated: see `Engine.exclude`. */
  exclusions?: Exclusion[] | undefined
  /** Addresses and networks from which requests are never refused. Behind proxies it needs a setting about proxies. */
  allow?: string[] | undefined
  /** Whether rules report requests from them (`monitor`), or are not evaluated (`bypass`, the default). */
  allow_mode?: 'bypass' | 'monitor' | undefined
  /** The pages for blocked clients, or the paths of files with them; `[security_response_id]` stands for the id. */
  block_page_html?: string | undefined
  block_page_json?: string | undefined
  block_page_graphql?: string | undefined
  /** Attacks, and blocks, that are logged per second; 10 by default, negative for all, 0 for none. */
  log_rate_limit?: number | undefined
  /** What is redacted in events and log lines: values under keys that match, and what matches in values. */
  obfuscator_key_regex?: string | undefined
  obfuscator_value_regex?: string | undefined
  /** The printing of numbers in tags; set by this package. */
  host?: 'javascript' | 'python' | undefined
  /** Called with each attack that rules find. What it throws is a process warning. */
  onEvent?: ((record: Notice) => unknown) | undefined
  /** Called with each block. */
  onBlock?: ((record: Notice) => unknown) | undefined
  /** Called with each line to log, which `NODE_DEBUG=bartizan` shows, too. */
  onLog?: ((line: string) => unknown) | undefined
  /** Whether an operator chose the rules, so that remote configuration does not change them. */
  local_rules?: boolean
  /** The environment variables, in place of `process.env`. */
  environment?: Record<string, string | undefined>
  /** Traces kept per second. */
  trace_rate_limit?: number
  schema_delay?: number
  timeout_us?: number
  /** Pass user ids to downstream services. */
  propagate?: boolean
  /** The effect on requests that were not inspected completely. */
  on_incomplete?: 'pass' | 'block'
  /** Bytes of a body that are held and read; 1 MiB by default. */
  body_limit?: number
  /** Bytes that a compressed body may have decompressed; 4 MiB by default. */
  decompressed_limit?: number
  /** Bytes that the bodies of all requests may take at a time; 64 MiB by default. */
  bodies_limit?: number
  /** The configuration of account-takeover detection, a document with the key `bartizan_ato`, or false to turn it off. */
  takeover?: boolean | object
  /**
   * From what detection continues: the `snapshot` of an earlier engine's detector. If it cannot be read, detection starts empty,
   * and `warnings` of the engine's `report` say why.
   */
  takeover_snapshot?: Uint8Array
  /** With `manual`, for tests, time stands still at `start_ms` until `takeover.advance` moves it. */
  clock?: 'system' | 'manual' | undefined
  /** The start of a manual clock, in milliseconds since the Unix epoch. */
  start_ms?: number
  /** The service and environment that account-takeover signals name. */
  service?: string
  env?: string
}

/** What to block: a user, an address or network, or both. */
export type Entry = { user: sdk.Id, ip?: string } | { user?: sdk.Id, ip: string }

/** The engine of a process: rules, remote configuration, denylist and limits. */
export class Engine {
  /**
   * @param rules a ruleset as `JSON.parse` returns it, its text, or the path of a file with it; the built-in rules without it. Warnings about it are
   *   emitted as process warnings of the type `BartizanWarning`.
   * @throws ConfigurationError if none of the rules can be used
   * @throws ArgumentError if a setting is invalid or unknown
   */
  constructor(rules?: object | string | URL | null, settings?: EngineSettings)
  /** The diagnostics of the initial rules. */
  readonly diagnostics: Diagnostics
  /** Warnings about all current configurations, including those of remote configuration. */
  readonly warnings: ConfigurationWarning[]
  /** What was loaded and refused. */
  readonly report: { [key: string]: Value }
  /** The detector of account takeover, which gets the events of requests; null if detection is turned off. */
  readonly takeover: takeover.Detector | null
  /** Runs a function of the engine, by name. */
  call(name: string, args?: object): { [key: string]: Value }
  /** Applies a batch of remote configuration; returns the states to report. */
  applyRemote(batch: { removed?: string[], changed?: Array<[path: string, content: object | string]> }): {
    states: Array<{ path: string, state: 2 | 3, error: string }>
    [key: string]: unknown
  }
  /**
   * Replaces the rules the engine was made with, for requests that begin from now on; returns their diagnostics. Without
   * rules, those of the beginning are taken again, and a file is read anew.
   * @throws ArgumentError for rules that cannot be used; the former ones stay
   */
  reload(rules?: object | string | URL): Diagnostics
  /** Adds a document beside the rules, or replaces the one under this path. */
  update(path: string, document: object | string): { accepted: boolean, diagnostics: Diagnostics }
  /** Removes such a document; false if there was none. */
  remove(path: string): boolean
  /** Excludes something from evaluation; returns the id for `include`. Who is refused stays refused. A rule that does not exist is a warning of the process. */
  exclude(exclusion: Exclusion): string
  /** Takes an exclusion back; false if there is none of this id. */
  include(id: string): boolean
  /** What this process has seen, as numbers: see `SETTINGS.md`. */
  metrics(): { [key: string]: Value }
  /** The same in the text format of Prometheus (`text/plain; version=0.0.4`). */
  prometheus(): string
  /**
   * The same on another thread, as building rules anew takes tens of milliseconds, in which the event loop stands still.
   * Batches that are given before an earlier one is applied may overtake it: wait for one after the other.
   */
  applyRemoteLater(batch: Parameters<Engine['applyRemote']>[0]): Promise<ReturnType<Engine['applyRemote']>>
  /** Refuses a user, an address or a network from now on, for a time or permanently. */
  block(entry: Entry & { seconds?: number }): { done: boolean, until: number }
  /** Changes the end of a block that is still in force; false if there is none. */
  extend(entry: Entry & { seconds?: number }): boolean
  /** Removes a block; false if there was none. */
  unblock(entry: Entry): boolean
  /**
   * Begins a request whose tags go to `span`, or else to the active span of OpenTelemetry, if its API is installed. If a call about users finds that the user is refused, `onBlocked` ends the
   * request; without it, the call throws `Blocked`.
   */
  request(span?: sdk.Span, onBlocked?: () => void): ServedRequest
}

/**
 * The engine of the process for whoever was given none, made on first use. It has the built-in rules, and its settings are
 * those of the environment: see `SETTINGS.md`.
 */
export function defaultEngine(): Engine

/**
 * A request served by an engine. If a method returns `true`, end it with its `blockResponse`; calls about users end it
 * themselves, see `Engine.request`.
 */
export class ServedRequest extends sdk.Request {
  private constructor()
  /** Whether anything so far requires the request to end. */
  readonly blocked: boolean
  /**
   * Evaluates what is known at the beginning. What identifies the client comes first, up to 4,096 headers; `query`, `body`,
   * `cookies` and `path_params` share what is left of the budget. While addresses are refused, a client whose headers had
   * to be cut is refused too, as it may be one of them.
   */
  start(parts: ProxySettings & {
    method?: string | undefined
    url?: string | undefined
    headers?: object
    query?: unknown
    cookies?: unknown
    path_params?: unknown
    body?: unknown
    peer?: string | undefined
  }): boolean
  /**
   * Evaluates the head of the request as it came over the wire, in place of `start`: the engine reads query and cookies
   * itself, and then the body. `headers` are pairs in the order received, repeated ones too.
   */
  head(parts: ProxySettings & {
    method?: string | Uint8Array | undefined
    target?: string | Uint8Array | undefined
    headers?: Array<[string | Uint8Array, string | Uint8Array]>
    peer?: string | undefined
  }): boolean
  /**
   * Takes the next piece of the body, as it came over the wire but for chunking. The caller keeps what it hands over, and
   * passes it to the application after `bodyEnd`. False once the engine reads no more, because its limit (`body_limit`) is
   * reached or nothing is evaluated.
   */
  body(piece: Uint8Array): boolean
  /** Evaluates a message of a websocket by itself, with the head of the request. */
  message(data: string | Uint8Array): boolean
  /** Whether the engine has read the whole body, and found it to be as declared. */
  readonly bodyRead: boolean
  /** Evaluates what was taken of the body. */
  bodyEnd(): boolean
  /** Evaluates more of the request, by address. If it is refused, it ends as with calls about users. */
  run(addresses: object): null
  /**
   * Evaluates a dangerous call, such as a file that is opened, before it is made, together with the request but without keeping
   * its data: see `protectCalls`. If it is refused, the request ends, and `Blocked` is thrown, so that the call is not made.
   */
  operation(addresses: object): void
  /** Evaluates a business event, likewise. */
  submitBusinessLogic(name: string, values: unknown): null
  /** Evaluates more of the request, by address. */
  evaluate(addresses: object, bodyUnparsed?: string): boolean
  /** Evaluates the head of the response. */
  response(status: number, headers?: object): boolean
  /** Whether a login failed in this request; known once the head of the response has been evaluated. */
  readonly loginFailed: boolean
  /**
   * Whether the application must ask for a further step, such as a second factor, before it checks a password. Known once the
   * body of a configured login path has been evaluated, or after `assess`; also true once a rule with an action of the type
   * `ato_step_up` has matched.
   */
  readonly stepUp: boolean
  /** Assesses a login attempt before the password is checked. If it is refused, the request ends as with calls about users. */
  assess(login: string, user?: unknown): takeover.Assessment
  /**
   * Learns from the application's response to a wrong password, so that refusals at this path can look like it. False if no
   * login failed in this request, or the response is of no use.
   */
  learnLoginFailure(status: number, headers: object, body: string): boolean
  /** Names the route of the application that serves the request, such as `/users/:id`, for log lines. */
  route(route: string): void
  /** Blocks the request from now on. */
  requestBlock(): boolean
  /**
   * The response for a blocked client; empty if nothing blocks. It is to be sent after `delay_us` microseconds, so that the
   * response to a failed login comes as late as the application's own would.
   */
  blockResponse(args?: object): {
    status?: number
    headers?: Record<string, string>
    body?: string
    delay_us?: number
  }
  /**
   * Writes all tags of the request to its span. The stacks of calls that a rule asked for are in `stack` of the report, and in
   * the structured field `_dd.stack` of spans that have such fields (`meta_struct`); others get it as JSON.
   */
  finish(args?: object): { [key: string]: Value }
}

/**
 * In-process detection of account takeover and business-logic abuse, from events to signals and blocks. An engine has a detector,
 * which gets the events of its requests. A stand-alone one is for hosts that do not use the requests of an engine, for tests
 * and for replays.
 */
export namespace takeover {
  interface DetectorOptions {
    /**
     * With `manual`, for tests and replays, time stands still until it is advanced, the times of events are used, and the same
     * events produce the same signals. With `system`, a timer ticks once a second. It does not keep the process running.
     */
    clock?: 'system' | 'manual' | undefined
    /** The start of a manual clock, in milliseconds since the Unix epoch. */
    startMs?: number
    /** The service and environment of events that name none. */
    service?: string
    env?: string
  }

  /** The result of an event. */
  interface Verdict {
    /** The ids of the signals it affected. */
    signals: string[]
    /** Whether it opened or reopened a signal. */
    opened: boolean
    /** Whether it raised the severity of a signal. */
    escalated: boolean
    /** Why the event was invalid; such events are counted in `health`. */
    dropped?: string
  }

  interface Assessment {
    /**
     * With `stealth`, the application must answer as if the password were wrong; with `step_up`, it must ask for a further
     * step, such as a second factor, before it checks the password.
     */
    decision: 'allow' | 'step_up' | 'stealth' | 'block'
    /** How suspicious the attempt is, from 0 to 100. */
    score: number
    reasons: string[]
    /** Why the attempt was invalid. */
    dropped?: string
  }

  type Signal = { [key: string]: Value } & { id: string, state: string, severity: Severity }
  type Severity = 'info' | 'low' | 'medium' | 'high' | 'critical'
  type Kind = 'opened' | 'updated' | 'escalated' | 'compromised_user' | 'response' | 'closed' | 'health'

  interface Notification {
    kind: Kind
    /** The sequence number within the signal. */
    seq: number
    /** The time, in seconds since the Unix epoch. */
    at: number
    title: string
    /** The signal at that time, with at most ten entries in each list. */
    signal: { [key: string]: Value } | null
    /** The change. */
    delta: Value
  }

  /** The notifications that a subscriber wants; an absent property does not filter. */
  interface Wanted {
    minSeverity?: Severity | undefined
    categories?: string[]
    services?: string[]
    kinds?: Kind[]
  }

  /** An address, a network, a user or a session. */
  type Whom = { ip: string } | { cidr: string } | { user: string } | { session: string }
  /** Selects blocks: those of a target, of a signal, of a rule, of a kind (`ip`, `user` ...), or all. */
  type Which = Whom | { signal: string } | { rule: string } | { kind: string } | { all: true }

  class Detector {
    /**
     * @param config a document with the key `bartizan_ato`
     * @throws ArgumentError if an option cannot be used, or does not exist
     */
    constructor(config?: object | null, options?: DetectorOptions)
    /**
     * Returns a detector that continues from the snapshot of another one. The configuration is not part of a snapshot;
     * signals of rules that `config` does not have are lost.
     * @throws ArgumentError with the reason if the snapshot cannot be read
     */
    static restore(snapshot: Uint8Array, config?: object | null, options?: DetectorOptions): Detector
    /** The diagnostics of `config`, or of an engine's setting `takeover`; null without a document. */
    readonly diagnostics: Diagnostics | null
    /** The time of the detector, in milliseconds since the Unix epoch. */
    readonly timeMs: number
    /** Processes an event: `event`, `usr.login`, `usr.id`, `usr.exists`, `ip`, ... Its contents never throw. */
    event(event: object): Verdict
    /** Assesses a login attempt before the password is checked. It has the fields of an event; its contents never throw. */
    assess(attempt: object): Assessment
    /** Does pending work, and delivers notifications. */
    tick(): void
    /** The same with the work on another thread; resolves when the notifications have been delivered. The timer calls this. */
    tickLater(): Promise<void>
    /**
     * Advances a manual clock, and does the work that becomes due.
     * @throws ArgumentError for any other clock
     */
    advance(toMs: number): void
    /**
     * Sets or replaces the document of a path, with the key `bartizan_ato`. The diagnostics list what is invalid; the rest is
     * in use. A document that is invalid as a whole leaves the former one in use.
     */
    apply(path: string, document: object): Diagnostics
    /** Removes the document of a path; false if there was none. */
    remove(path: string): boolean
    /** Returns the signals that match, newest first. */
    signals(query?: {
      state?: string, minSeverity?: Severity, service?: string, rule?: string, skip?: number, limit?: number
    }): Signal[]
    /** Returns a signal; null if there is none with this id. */
    signal(id: string): Signal | null
    /**
     * Resolves a signal; false if there is none with this id. The blocks of a false positive end, and responses to its group are
     * suspended for a day.
     */
    resolve(id: string, how: 'closed' | 'false_positive' | 'confirmed'): boolean
    /**
     * Defines a cluster of the distributed attack that a signal is about. `items` has a value, or a list of values, by dimension,
     * as the clusters of signals have them. Its metrics are known within a minute.
     */
    defineCluster(signal: string, cluster: string, items: object): { id: string, items: object }
    /** How many logins had the traits of a cluster (its id, or items), by hour, before and during the attack. */
    explore(
      signal: string,
      cluster: string | object
    ): Array<{ at: number, during: boolean, logins: number, matches: number }>
    /**
     * Whether the clusters of a distributed attack explain it, and nothing else: `residual` is the failures that no cluster
     * matches relative to the expected number, `present_before` the matches of each before the attack relative to those during it.
     */
    isolate(signal: string): { residual: number, present_before: Record<string, number> }
    /**
     * Exports a file about a signal, in pieces; null if there is no signal with this id. `rules.json` is a configuration that
     * stands alone; `source_hint.json` compares the attacked accounts with those that usually log in.
     */
    export(
      id: string,
      file: 'targeted_users.csv' | 'ips.csv' | 'compromised.csv' | 'events.csv' | 'events.ndjson' |
        'clusters.json' | 'rules.json' | 'source_hint.json'
    ): IterableIterator<Uint8Array> | null
    /** Blocks a target for a time (60 to 604,800 seconds, by default the configured duration) or permanently. */
    block(whom: Whom & {
      seconds?: number, permanent?: boolean, mode?: 'block' | 'stealth', reason?: string, signal?: string
    }): { [key: string]: Value }
    /** Removes blocks; returns their number. */
    unblock(which: Which): number
    /**
     * Changes the end of blocks to `seconds` from now (with the limits and the default of `block`), or to none if `permanent`;
     * returns their number.
     */
    extend(which: Which & { permanent?: boolean }, seconds?: number): number
    /** Returns the blocks in force, newest first. */
    blocks(page?: { skip?: number, limit?: number }): Array<{ [key: string]: Value }>
    /** Returns the latest changes of blocks, oldest first. */
    audit(): Array<{ at: number, what: string, whom: string }>
    /** Returns the changes of blocks since the last call, as documents for engines without live sets; null for one to remove. */
    exportRulesData(maxChunk?: number): Record<string, Value>
    /** Returns counters, and findings about the events. */
    health(): { [key: string]: Value }
    /** Forgets a user (by login), an address or a network: counts, familiar origins, lists in signals, blocks. */
    forget(whom: Whom): void
    /** Returns the state to keep across a restart. It contains the key of all hashes, so it is a secret. */
    snapshot(): Uint8Array
    /**
     * Adds a subscriber, which is called with each notification, in `tick` (including that of the timer) and in `advance`. What
     * it throws is emitted as a process warning. Returns the number that `unsubscribe` takes.
     */
    subscribe(callback: (notification: Notification) => void, wanted?: Wanted): number
    /** Removes a subscriber; false if the number is not in use. */
    unsubscribe(subscription: number): boolean
  }

  interface NotifierOptions extends Wanted {
    /** The key that signs posts to a webhook, in the header `X-Bartizan-Signature`. */
    secret?: string | undefined
    /** The routing key of PagerDuty. */
    routingKey?: string | undefined
    /** How long a receiver may take, in milliseconds; 5,000 by default. */
    timeoutMs?: number
    /** The number of retries; 5 by default. */
    retries?: number
    /** The pause before the first retry, in milliseconds, which doubles each time; 1,000 by default. */
    backoffMs?: number
    /** The longest pause in milliseconds, even if the receiver asks for more (`Retry-After`); 60,000 by default. */
    longestBackoffMs?: number
  }

  /**
   * Posts the notifications of a detector to one receiver, in order. Detection never waits for the receiver: up to 1,024
   * notifications are queued, and when the queue is full, updates of signals are dropped first. A notification that is given up
   * is a process warning. A notification may arrive twice, with the same `Idempotency-Key`. Redirects are not followed.
   */
  class Notifier {
    /**
     * @param url the URL of the receiver; not needed for PagerDuty
     * @throws ArgumentError if an argument or option is invalid
     */
    constructor(
      detector: Detector,
      receiver: 'webhook' | 'slack' | 'teams' | 'pagerduty',
      url?: string,
      options?: NotifierOptions
    )
    /** The numbers of notifications sent, retried, given up, and dropped from the full queue. */
    readonly statistics: { sent: number, retried: number, failed: number, dropped: number }
    /** Sends what is queued, without pauses between retries and for at most `timeoutMs` (5,000 by default), and stops. */
    close(timeoutMs?: number): Promise<void>
  }
}

/**
 * Judges dangerous calls in requests from now on, or no more; returns whether they are judged.
 *
 * These are files, processes and shell commands (`fs`, `child_process`), URLs (`http`, `https`, `fetch` with redirects), and SQL
 * statements (`pg`, `mysql2`, `better-sqlite3`, `sqlite3`, `node:sqlite`). Request data that changes what such a call does is
 * reported, with the stack of the call. If rules block, the call fails as it would otherwise (by an exception, callback, promise
 * or event) with `Blocked`, and the request ends with the blocking response. Nothing is judged outside of requests.
 *
 * Call it before the application takes functions out of these modules: `const { readFile } = require('fs')` takes what is
 * there at the time.
 *
 * @param enabled by default what the environment variable `DD_APPSEC_RASP_ENABLED` says, and true without it
 */
export function protectCalls(enabled?: boolean): boolean

type Middleware = (req: any, res: any, next: (error?: unknown) => void) => void

/**
 * The protection of `bartizan/express` in two middlewares: `begin` goes before the body parsers, `evaluate` after them. `begin` reads the
 * body up to the engine's limit and puts it back, so that the application sees no byte before the verdict; `evaluate` judges
 * what the application's parsers made of it, where the engine could not read it. Adds
 * `req.bartizan`, the request, and `req.blockRequest()`, which ends the response and returns false if it was too late.
 * `settings` override the engine's settings about proxies for this application.
 */
export function protection(
  engine: Engine,
  span?: (req: any) => sdk.Span | undefined,
  settings?: ProxySettings
): { begin: Middleware, evaluate: Middleware }
