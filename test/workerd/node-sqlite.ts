// What the simulated PowerSchool uses of node:sqlite, over SQLite as WebAssembly: workerd has no database of its own besides the objects'.
import { env } from 'cloudflare:test'
import initSqlJs, { type SqlJsDatabase, type SqlJsStatement, type SqlJsValue } from 'sql.js/dist/sql-wasm-browser.js'
import wasm from 'sql.js/dist/sql-wasm-browser.wasm?module'

// Its loader takes every worker for a browser's and asks for its address, though nothing is fetched from there.
Reflect.set(globalThis, 'location', new URL('https://worker.example.org/'))
const { Database } = await initSqlJs({
  // Workerd compiles no bytes, so the module comes compiled.
  instantiateWasm(imports, done) {
    const instance = new WebAssembly.Instance(wasm, imports)
    done(instance)
    return instance.exports
  },
})
Reflect.deleteProperty(globalThis, 'location')

type Value = SqlJsValue
type Row = Record<string, Value>
type Named = Readonly<Record<string, Value>>
type Parameters = readonly Value[] | readonly [Named]

export const constants = {
  SQLITE_OK: 0,
  SQLITE_DENY: 1,
  SQLITE_READ: 20,
  SQLITE_SELECT: 21,
  SQLITE_FUNCTION: 31,
  SQLITE_RECURSIVE: 33,
}

export class StatementSync {
  readonly #database: SqlJsDatabase
  readonly #statement: SqlJsStatement
  #hasArrays = false

  constructor(database: SqlJsDatabase, sql: string) {
    this.#database = database
    this.#statement = database.prepare(sql)
  }

  all(...parameters: Parameters): Row[] {
    return [...this.iterate(...parameters)]
  }

  get(...parameters: Parameters): Row | undefined {
    for (const row of this.iterate(...parameters)) return row
    return undefined
  }

  run(...parameters: Parameters): { readonly changes: number } {
    this.all(...parameters)
    return { changes: this.#database.getRowsModified() }
  }

  *iterate(...parameters: Parameters): Generator<Row, void> {
    const statement = this.#statement
    statement.bind(asBound(parameters))
    try {
      const names = statement.getColumnNames()
      while (statement.step()) {
        const values = statement.get()
        // Who asked for lists reads them as such.
        if (this.#hasArrays) yield values as unknown as Row
        else yield Object.fromEntries(names.map((name, at) => [name, values[at] ?? null]))
      }
    } finally {
      statement.reset()
    }
  }

  setReturnArrays(hasArrays: boolean): void {
    this.#hasArrays = hasArrays
  }

  columns(): { readonly name: string }[] {
    return this.#statement.getColumnNames().map((name) => ({ name }))
  }
}

export class DatabaseSync {
  readonly #database: SqlJsDatabase = new Database()

  constructor(path: string) {
    if (path !== ':memory:') throw new Error(`There is no disk in workerd for ${path}.`)
  }

  prepare(sql: string): StatementSync {
    return new StatementSync(this.#database, sql)
  }

  exec(sql: string): void {
    this.#database.exec(sql)
  }

  function(name: string, _options: object, run: (...values: Value[]) => Value): void {
    const varying = (...values: Value[]) => run(...values)
    // It asks a function for its length: -1 is any number of values.
    Object.defineProperty(varying, 'length', { value: -1 })
    compiling(() => this.#database.create_function(name, varying))
  }

  /** Tells nobody: this build has none. So which columns a query reads beside its select list is checked on Node alone. */
  setAuthorizer(_authorizer: unknown): void {}

  close(): void {
    this.#database.close()
  }
}

/** Lets work compile a module from bytes: a few of them, which pass a call on to JavaScript, are made when they are wanted. */
function compiling(work: () => void): void {
  const { Module } = WebAssembly
  const compiling = new Proxy(Module, {
    construct: (_, [bytes]) => env.__VITEST_POOL_WORKERS_UNSAFE_EVAL.newWasmModule(bytes),
  })
  Reflect.set(WebAssembly, 'Module', compiling)
  try {
    work()
  } finally {
    Reflect.set(WebAssembly, 'Module', Module)
  }
}

/** node:sqlite takes names without their colon. */
function asBound(parameters: Parameters): Value[] | Row {
  const [first] = parameters
  if (typeof first !== 'object' || first === null || first instanceof Uint8Array) return parameters as Value[]
  return Object.fromEntries(Object.entries(first).map(([name, value]) => [`:${name}`, value]))
}
