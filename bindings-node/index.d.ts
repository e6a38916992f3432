/** The version of libddwaf whose behaviour the engine has. */
export const ENGINE_VERSION: string

/** A scalar, or an array or object of them, as results contain it. */
export type Value = null | boolean | number | string | Value[] | { [key: string]: Value }

export interface TimeoutOptions {
  /** The budget of a call in milliseconds; by default that of the Waf. */
  timeoutMs?: number
}

export interface WafOptions extends TimeoutOptions {
  /** The default budget of a call in milliseconds; 5 unless given. */
  timeoutMs?: number
  /** Bytes of a string or key that are looked at; 4096 unless given. */
  maxStringLength?: number
  /** Entries of a container that are looked at; 256 unless given. */
  maxContainerSize?: number
  /** Containers within each other that are looked at; 20 unless given, 1000 at most. */
  maxContainerDepth?: number
  /** Values in all the data of a call that are looked at; 100,000 unless given. */
  maxValues?: number
}

/** A set of rules, ready to evaluate requests. One for the whole process. */
export class Waf {
  /**
   * @param rules a ruleset as `JSON.parse` returns it; without one, the built-in rules are used. Rules that are refused do
   *   not keep the others from loading: see `diagnostics`. What is doubtful about a configuration is a warning of the process,
   *   too, of the type `BartizanWarning`.
   * @throws ConfigurationError if none of the rules can be used
   * @throws ArgumentError if there is no such option
   */
  constructor(rules?: object | null, options?: WafOptions)

  /** A context for one request. It keeps the rules of this moment. */
  context(): Context

  /**
   * Adds a configuration, or replaces the one under this path, and builds a new instance. Contexts in flight keep the old
   * one. The rules given first have the path `default`.
   *
   * @throws ConfigurationError if nothing of the configuration can be used
   */
  update(path: string, config: object): Diagnostics

  /** Removes a configuration and builds a new instance; says whether there was one. Without any rule, nothing is found. */
  remove(path: string): boolean

  /** The paths of all configurations. */
  paths(): string[]

  /** What became of the rules given first. */
  readonly diagnostics: Diagnostics

  /** What is doubtful about all configurations as they are now. */
  readonly warnings: ConfigurationWarning[]

  /** The addresses that the rules react to. Others need not be computed. */
  readonly knownAddresses: string[]

  /** The types of actions that the rules can ask for. */
  readonly knownActions: string[]
}

/** The evaluation of one request. It remembers its data and what matched; a rule fires at most once in it. */
export class Context {
  private constructor()

  /**
   * Evaluates data: an object (or `Map`) from addresses to values.
   *
   * Integers within the safe range stay integers, other numbers are floats. `bigint` is an integer where it fits into 64
   * bits, else text. `Buffer`, typed arrays and `ArrayBuffer` are strings of bytes; `Map` is an object, `Set` an array,
   * `URLSearchParams` and `Headers` are objects of arrays; other objects are what `toJSON` returns, or their own
   * enumerable properties. `undefined`, functions and symbols are null, and so is whatever throws when it is read. Lone
   * surrogates become U+FFFD. An object within itself is null. What is too long, too many or too deep is left out and told in
   * `truncated`. Up to half of the budget may be spent on taking the data in; if that is not enough, no part keeps the others
   * out. `incomplete` says why not everything was inspected. Nothing of this throws.
   */
  run(data: object, options?: TimeoutOptions): Result

  /** Evaluates several batches of data in order within one budget; a blocking verdict or the end of the budget stops. */
  runBatches(batches: readonly object[], options?: TimeoutOptions): Result

  /**
   * A context that starts with all this one knows; from here on neither sees what the other does. For operations within a
   * request (a file opened, a query sent) whose data must not stay.
   */
  subcontext(): Context

  /**
   * Frees the data now. Later calls find nothing. Otherwise data are freed some time after the context is no longer used,
   * but never within one turn of the event loop: a long loop should dispose of its contexts.
   */
  dispose(): void

  [Symbol.dispose](): void
}

/** What a call found and asks for. Bytes that are not UTF-8 appear as U+FFFD. */
export class Result {
  private constructor()
  /** One per rule that matched and reports events, in evaluation order. */
  readonly events: readonly Event[]
  /** What to do: parameters by type of action, the blocking one first. */
  readonly actions: Readonly<Record<string, Record<string, Value>>>
  /** Names and values for the trace. */
  readonly attributes: Readonly<Record<string, Value>>
  /** From the start of the evaluation to its end. */
  readonly durationMs: number
  /** The budget was used up; what was found until then is here. */
  readonly timeout: boolean
  /** The trace should be kept. */
  readonly keep: boolean
  /** How many batches were evaluated completely. */
  readonly evaluated: number
  /** There is any event, action or attribute. */
  readonly matched: boolean
  /** There is an action that ends the request: `block_request` or `redirect_request`. */
  readonly blocked: boolean
  /** What was left out of the data of this call, or null. */
  readonly truncated: Truncated | null
  /**
   * Why not everything was inspected, empty if it was: `budget`, `string_length`, `container_size`, `container_depth`, or
   * `unfinished` where the budget ended while the data was converted.
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
  /** The depth at which the first container was left out. */
  readonly containerDepth: number
  /** The budget ended before everything was converted. */
  readonly unfinished: boolean
}

/** A rule that matched, in the form that traces report. */
export interface Event {
  rule: { id: string, name: string, tags: Record<string, string>, on_match: string[] }
  /** One per condition, in order. */
  rule_matches: ConditionMatch[]
  /** Ties the event to a stack trace that the caller takes. */
  stack_id?: string
  /** Ties the event to the response that blocks the request. */
  security_response_id?: string
}

export interface ConditionMatch {
  /** The operator, with `!` where negated. */
  operator: string
  /** The expression of `match_regex`; empty for most operators. */
  operator_value: string
  /** One: of a single input its address, value and path, of an exploit detector the same for each argument by name. */
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

/** What became of a configuration, section by section. */
export type Diagnostics = { [section: string]: Section | string | ConfigurationWarning[] | undefined } & {
  /** Why the configuration as a whole was refused. */
  error?: string
  ruleset_version?: string
  /** What is doubtful, or said more clearly than in the sections, whose texts are those of libddwaf. Not enumerable. */
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
  /** Ids of refused elements, `index:N` where they have none. */
  failed?: string[]
  /** Ids of elements that are meant for other versions of the engine. */
  skipped?: string[]
  /** What is wrong, each with the ids of the elements. */
  errors?: Record<string, string[]>
  /** What is doubtful, each with the ids of the elements. */
  warnings?: Record<string, string[]>
}

/** Something doubtful about a configuration, which is in use all the same. */
export interface ConfigurationWarning {
  /**
   * `unreadable`, `unknown_section`, `empty`, `no_rules`, `invalid_pattern`, `costly_pattern`, `unknown_action` or
   * `unknown_address`; there may be more in later versions.
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

/** Rules or another configuration that cannot be used. The message names what to fix. */
export class ConfigurationError extends Error {
  constructor(message: string, diagnostics: Diagnostics)
  readonly code: 'ERR_BARTIZAN_CONFIGURATION'
  readonly diagnostics: Diagnostics
}

/**
 * The user of a request is refused: the request must end with its `blockResponse`. Thrown where nobody else ends it, see
 * `Engine.request`.
 */
export class Blocked extends Error {
  constructor(message: string)
  readonly code: 'ERR_BARTIZAN_BLOCKED'
}

/** An argument or a setting that cannot be used, or does not exist. */
export class ArgumentError extends TypeError {
  constructor(message: string)
  readonly code: 'ERR_BARTIZAN_ARGUMENT'
}

/**
 * Users, events, anonymization, blocking and HTTP. What is decided here is decided in the engine, the same for all
 * languages.
 */
export namespace sdk {
  /** Runs a function that remembers nothing, by name, from an object to an object. */
  function call(name: string, args?: object): { [key: string]: Value }

  /** The names of these functions. */
  const functions: readonly string[]

  /** What a process remembers between requests: denylist, limits, learned answers. */
  class Service {
    constructor(settings?: { trace_rate_limit?: number, schema_delay?: number })
    /** Runs a function of the service, or any that remembers nothing. */
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
    /** The collection mode of automatic events; `identification` unless given. */
    mode?: string
  }

  /** What a call led to. Span and context of the request have had their parts already. */
  interface Report {
    /** Otherwise the call was ignored, as outside of a request: see `warnings`. */
    accepted: boolean
    meta: Record<string, string>
    metrics: Record<string, number>
    /** The trace should be kept. */
    keep: boolean
    /** What was run in the context of the request. */
    addresses: Record<string, Value>
    telemetry: Array<{ metric: string, tags: Record<string, string> }>
    /** What to log. */
    warnings: string[]
    /** What the engine found; `result.blocked` asks to end the request. */
    result: Result | null
  }

  type Id = string | number | bigint
  /** An id, or an object with an id. What an object looks like as text (`[object Object]`) is no id. */
  type User = Id | { id: Id, [field: string]: unknown }
  type Metadata = Record<string, unknown>

  /** The request in which users and events are reported. */
  class Request {
    constructor(options?: RequestOptions)
    /** Runs any function about users. */
    call(name: string, args?: object): Report
    /** Runs addresses in the context; attributes go to the span. */
    run(addresses: object): Result | null
    setUser(user: User, options?: { propagate?: boolean }): Report
    trackUserLoginSuccess(login: string, user?: User, metadata?: Metadata): Report
    /** Unless it is said whether there is such a user, nothing is reported about it. */
    trackUserLoginFailure(login: string, exists?: boolean, metadata?: Metadata): Report
    trackUserSignup(login: string, user?: User, metadata?: Metadata): Report
    trackCustomEvent(name: string, metadata?: Metadata): Report
    trackUserLoginSuccessEvent(user: User, metadata?: Metadata): Report
    trackUserLoginFailureEvent(user: User | null | undefined, exists?: boolean, metadata?: Metadata): Report
    /** `success` is true unless given. */
    trackUserSignupEvent(user: User, success?: boolean, login?: string): Report
    /** Lets the rules see an event of the business, such as `payment.failure`. */
    submitBusinessLogic(name: string, values: unknown): Result | null
    /**
     * Asks the rules whether a user or a session is refused. Nobody is not.
     * @throws ArgumentError for what cannot be an id
     */
    isUserBlocked(user: User | null | undefined, sessionId?: string | null): boolean
  }

  /** Calls `callback`; the functions below, called in it, however later, report to this request. Elsewhere they are ignored. */
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
}

/** Where clients' addresses are to be found. */
export interface ProxySettings {
  /** The header in which the proxies in front of the service write the client's address. */
  client_ip_header?: string | undefined
  /** Their addresses and networks; the client is then the last hop that is not one of them. Empty if there are none. */
  trusted_proxies?: string[] | undefined
}

/** A setting of any other name is an error. */
export interface EngineSettings extends ProxySettings {
  /** Unless it is given, true. Null: not until remote configuration says so. */
  enabled?: boolean | null
  /** The rules are an operator's own: remote configuration leaves them alone. */
  local_rules?: boolean
  /** The environment variables of the collection mode. */
  environment?: Record<string, string | undefined>
  /** Traces kept per second. */
  trace_rate_limit?: number
  schema_delay?: number
  timeout_us?: number
  /** Hand ids of users to downstream services. */
  propagate?: boolean
  /** What becomes of requests that were not inspected completely. */
  on_incomplete?: 'pass' | 'block'
}

/** Whom to block: a user, an address or network, or both. */
export type Entry = { user: sdk.Id, ip?: string } | { user?: sdk.Id, ip: string }

/** The engine of a process: rules, remote configuration, denylist and limits. */
export class Engine {
  /**
   * @param rules a ruleset as `JSON.parse` returns it, or its text. What is doubtful about it is a warning of the process, of
   *   the type `BartizanWarning`.
   * @throws ConfigurationError if none of the rules can be used
   * @throws ArgumentError if a setting cannot be used, or does not exist
   */
  constructor(rules: object | string, settings?: EngineSettings)
  /** What became of the rules given first. */
  readonly diagnostics: Diagnostics
  /** What is doubtful about all configurations as they are now, those of remote configuration included. */
  readonly warnings: ConfigurationWarning[]
  /** What was loaded and refused. */
  readonly report: { [key: string]: Value }
  /** Runs a function of the engine, by name. */
  call(name: string, args?: object): { [key: string]: Value }
  /** Applies a batch of remote configuration; gives the states to answer. */
  applyRemote(batch: { removed?: string[], changed?: Array<[path: string, content: object | string]> }): {
    states: Array<{ path: string, state: 2 | 3, error: string }>
    [key: string]: unknown
  }
  /** Refuses a user, an address or a network from now on, for a time or for good. */
  block(entry: Entry & { seconds?: number }): { done: boolean, until: number }
  /** Gives a block that still holds a new end; false if there is none. */
  extend(entry: Entry & { seconds?: number }): boolean
  /** Admits again; false if there was no block. */
  unblock(entry: Entry): boolean
  /**
   * Begins a request whose tags go to `span`. If a call about users finds that the user is refused, `onBlocked` ends the
   * request; without it, the call throws `Blocked`.
   */
  request(span?: sdk.Span, onBlocked?: () => void): ServedRequest
}

/**
 * A request served by an engine. `true` from a method asks to end it with its `blockResponse`; calls about users end it
 * themselves, see `Engine.request`.
 */
export class ServedRequest extends sdk.Request {
  private constructor()
  /** Anything so far asks to end the request. */
  readonly blocked: boolean
  /**
   * Evaluates what is known at the beginning. What says who the client is comes first, up to 4,096 headers; `query`, `body`,
   * `cookies` and `path_params` share what is left of the budget. While addresses are refused, a client whose headers had
   * to be cut is refused too: it cannot be told from them.
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
  /** Evaluates more of the request, by address. If it is refused, it ends as by calls about users. */
  run(addresses: object): null
  /** Lets the rules see an event of the business, likewise. */
  submitBusinessLogic(name: string, values: unknown): null
  /** Evaluates more of the request, by address. */
  evaluate(addresses: object, bodyUnparsed?: string): boolean
  /** Evaluates the head of the response. */
  response(status: number, headers?: object): boolean
  /** From now on the request is to be blocked. */
  requestBlock(): boolean
  /** The response for a blocked client; empty when nothing blocks. */
  blockResponse(args?: object): { status?: number, headers?: Record<string, string>, body?: string }
  /** Writes all tags of the request to its span. */
  finish(args?: object): { [key: string]: Value }
}

type Middleware = (req: any, res: any, next: (error?: unknown) => void) => void

/**
 * Protection of an Express or connect application: `begin` before the parsers of bodies, `evaluate` after them. Adds
 * `req.bartizan`, the request, and `req.blockRequest()`, which ends the response and returns false if it was too late.
 * `settings` say more of the proxies in front of this application than the engine's.
 */
export function protection(
  engine: Engine,
  span?: (req: any) => sdk.Span | undefined,
  settings?: ProxySettings
): { begin: Middleware, evaluate: Middleware }
