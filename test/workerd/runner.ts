// Vitest's runner in workerd: a test file's code runs inside a Durable Object of its own, for only there its SQLite can be used.
import { env, type ObjectStub, runInDurableObject } from 'cloudflare:test'
import { type RunnerTestCase, type RunnerTestSuite, TestRunner, type VitestTestRunner } from 'vitest'
import { NODE_ONLY_TESTS } from './node-only.ts'
import { enterObject } from './object.ts'

type SuiteHooks = ReturnType<typeof TestRunner.getSuiteHooks>
type ImportSource = Parameters<VitestTestRunner['importFile']>[1]

function isNodeOnly({ file, name }: RunnerTestCase): boolean {
  return name in (NODE_ONLY_TESTS[file.name] ?? {})
}

/** What of Vitest's module runner has no type. */
interface WithModuleRunner {
  readonly moduleRunner: { readonly vitestOptions: { readonly transport: { resolveId(id: string): Promise<unknown> } } }
}

export default class ObjectRunner extends TestRunner {
  #object: { readonly id: string; readonly stub: ObjectStub } | undefined

  /** The file's own code runs in the object too, and what stands in a `describe`: some open a bridge before their first test. */
  override async importFile(path: string, source: ImportSource): Promise<unknown> {
    if (source !== 'collect') return super.importFile(path, source)
    const id = env.TEST_OBJECT.newUniqueId()
    this.#object = { id: String(id), stub: env.TEST_OBJECT.get(id) }
    await this.#rememberAddress(path)
    const module = await this.#inObject(() => super.importFile(path, source))
    for (const task of TestRunner.getCurrentSuite().tasks) {
      if (task.type !== 'collector') continue
      const { collect } = task
      task.collect = (file) => this.#inObject(() => collect(file))
    }
    return module
  }

  /**
   * The module runner asks the main process where a file is, once. The answer comes to the runner's own object, and what waits
   * for it goes on there: asked beforehand, it is remembered and nothing leaves the file's object.
   */
  async #rememberAddress(path: string): Promise<void> {
    await (this as unknown as WithModuleRunner).moduleRunner.vitestOptions.transport.resolveId(path)
  }

  override async onBeforeRunSuite(suite: RunnerTestSuite): Promise<void> {
    await super.onBeforeRunSuite(suite)
    // A suite whose file could not be imported has none.
    const hooks: SuiteHooks | undefined = TestRunner.getSuiteHooks(suite)
    if (hooks === undefined) return
    hooks.beforeAll = hooks.beforeAll.map((hook) => this.#wrapped(hook))
    hooks.afterAll = hooks.afterAll.map((hook) => this.#wrapped(hook))
    hooks.beforeEach = hooks.beforeEach.map((hook) => this.#wrapped(hook))
    hooks.afterEach = hooks.afterEach.map((hook) => this.#wrapped(hook))
  }

  override async onBeforeRunTask(test: RunnerTestCase): Promise<void> {
    if (isNodeOnly(test)) test.mode = 'skip'
    await super.onBeforeRunTask(test)
  }

  async runTask(test: RunnerTestCase): Promise<void> {
    await this.#inObject(async () => TestRunner.getTestFn(test)())
  }

  /** What a hook answers to clean up with runs in the object too. */
  #wrapped<Parameters extends unknown[]>(hook: (...parameters: Parameters) => unknown) {
    return async (...parameters: Parameters): Promise<unknown> => {
      const answer = await this.#inObject(() => hook(...parameters))
      return typeof answer === 'function' ? () => this.#inObject(() => answer()) : answer
    }
  }

  #inObject<T>(work: () => T | Promise<T>): Promise<T> {
    if (this.#object === undefined) throw new Error('A test before its file was imported.')
    const { id, stub } = this.#object
    return runInDurableObject(stub, (_, state) => {
      enterObject({ id, storage: state.storage })
      return work()
    })
  }
}
