// The modules that only the tests in workerd import and that have no types of their own, as far as they are used.
declare module 'cloudflare:test' {
  export const env: {
    readonly TEST_OBJECT: {
      newUniqueId(): object
      get(id: object): ObjectStub
    }
    readonly PROFILES: import('../../src/worker/environment.ts').Environment['PROFILES']
    readonly CONTROL: import('../../src/worker/environment.ts').Environment['CONTROL']
    /** The plugin's own: workerd lets nothing else compile. */
    readonly __VITEST_POOL_WORKERS_UNSAFE_EVAL: { newWasmModule(bytes: BufferSource): WebAssembly.Module }
  }
  /** Where an object is asked. */
  export type ObjectStub = { fetch(request: Request): Promise<Response> }
  export interface ObjectState {
    readonly storage: import('../../src/store/durable-sqlite.ts').DurableStorage
    /** Ends the object at once. */
    abort(reason: string): void
  }
  /** The worker, asked from outside. */
  export const SELF: { fetch(url: string, init?: RequestInit): Promise<Response> }
  export function runInDurableObject<T>(
    stub: ObjectStub,
    work: (object: object, state: ObjectState) => T | Promise<T>,
  ): Promise<T>
  export function evictDurableObject(stub: ObjectStub): Promise<void>
  export function runDurableObjectAlarm(stub: ObjectStub): Promise<boolean>
}

declare module 'sql.js/dist/sql-wasm-browser.js' {
  export type SqlJsValue = string | number | null | Uint8Array
  export interface SqlJsStatement {
    bind(values: readonly SqlJsValue[] | Readonly<Record<string, SqlJsValue>>): boolean
    step(): boolean
    get(): SqlJsValue[]
    getColumnNames(): string[]
    reset(): void
  }
  export interface SqlJsDatabase {
    prepare(sql: string): SqlJsStatement
    exec(sql: string): unknown
    getRowsModified(): number
    create_function(name: string, run: (...values: SqlJsValue[]) => SqlJsValue): unknown
    close(): void
  }
  export default function initSqlJs(options: {
    instantiateWasm(imports: WebAssembly.Imports, done: (instance: WebAssembly.Instance) => void): WebAssembly.Exports
  }): Promise<{ readonly Database: new () => SqlJsDatabase }>
}

declare module '*.wasm?module' {
  const module: WebAssembly.Module
  export default module
}

interface ImportMeta {
  /** Vite's: the texts of files, by their path from the module. */
  glob(pattern: string, options: { query: '?raw'; import: 'default'; eager: true }): Record<string, string>
}
