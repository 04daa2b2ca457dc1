// One profile on any runtime: holds what serves and syncs it, and makes that anew when its settings change.
import { mappingSettings, prepareConsumer, prepareStore, type Runtime } from '../bridge.ts'
import { BridgeError } from '../errors.ts'
import { createMemberApi, groupsReading } from '../groups/member-api.ts'
import { tellGroups } from '../groups/tell.ts'
import { prefixOf, splitUrl } from '../http/public-path.ts'
import { STORAGE } from '../oneroster/storage.ts'
import { listConsumers, removeConsumer } from '../store/consumers.ts'
import { findProfile, type ProfileRecord, saveProfile } from '../store/profile.ts'
import { askAnew, askAnewOfServer, beginAnew } from './anew.ts'
import type { Read } from './body.ts'
import type { ProfileBody } from './body-shape.ts'
import { expiryMs } from './config.ts'
import { factsOf, hasExpired, stateOf } from './facts.ts'
import { isGroup } from './group-body.ts'
import { hostApi, isHostPath } from './host-api.ts'
import { profileKeys } from './keys.ts'
import { type Live, openLive } from './live.ts'
import { DEFAULT_PROFILE, type ProfileBridge, type ProfileHost, type ProfileHostOptions } from './ports.ts'
import type { ProfileFacts } from './present.ts'
import { readChange, readRecord } from './read-change.ts'
import { UNTOLD } from './untold.ts'

/** What the admin API does to a profile. Each answers at once; what takes longer goes on by itself. */
export interface HostActions {
  /** Undefined until it was made. */
  facts(): ProfileFacts | undefined
  bridge(): ProfileBridge | undefined
  create(body: unknown): Promise<Read<undefined>>
  change(body: unknown): Promise<Read<undefined>>
  pause(): void
  /** Also tries again what failed to be provisioned. */
  resume(): void
  reset(): void
  remove(): void
}

const DAY_MS = 86_400_000
const FIRST_RETRY_MS = 30_000
/** After a failure of the store, or of ours. */
const CRASH_RETRY_MS = 60_000
/** Half an hour in all. */
const MOST_TRIES = 7

/** Opens the store, and what is served of it. Refuses with `store-failed`, and `mapping-invalid` for what MAPPING names. */
export async function createProfileHost(options: ProfileHostOptions): Promise<ProfileHost> {
  const { id, config, publicUrl, mappings, layers } = options
  const { launch, ...given } = options.runtime
  const open = async (other: string) => options.directory?.open(other)
  const onPublished = () => {
    given.onPublished?.()
    if (groupsReading(sql).length > 0) launch(() => tellGroups({ sql, profile: id, open, log }))
  }
  const runtime: Runtime = { ...given, ...(await profileKeys(given.sealingKey, id)), onPublished }
  const { sql, log, now, after } = runtime
  prepareStore(runtime)
  const { powerSchool } = config
  const environmentSays = Object.keys(mappingSettings(config))
  const reading = { mappings, now, open, environmentSays, sealingKey: runtime.sealingKey }
  if (id === DEFAULT_PROFILE && powerSchool !== undefined) await prepareConsumer({ ...config, powerSchool }, runtime)

  const openNow = (record: ProfileRecord) =>
    openLive(record, { config, runtime, publicUrl, mappings, layers, open, createBridge: options.createBridge })
  const find = () => findProfile(sql) ?? (id === DEFAULT_PROFILE ? UNTOLD : undefined)
  const first = find()
  let live: Live | undefined = first && (await openNow(first))
  let isStopped = false
  /** It goes on from where it stands, or will: by `start`, or by what was asked for before that. */
  let hasBegun = false
  let checking = new AbortController()
  let cancelRetry = () => {}
  let cancelExpiry = () => {}
  let restarts = Promise.resolve()
  /** One at a time, so that none is made of what another has replaced meanwhile. */
  let changes: Promise<unknown> = Promise.resolve()

  const maySync = (record: ProfileRecord) =>
    !record.isPaused && !hasExpired(record, now()) && stateOf(record, live?.fault) === 'provisioned'
  const save = (record: ProfileRecord, change: Partial<ProfileRecord>) =>
    saveProfile(sql, { ...record, createdMs: record.createdMs || now(), ...change })

  function stopWaiting(): void {
    checking.abort()
    cancelRetry()
    cancelExpiry()
  }

  /** After what is under way. What fails, by a full disk say, is tried again: nobody else would. */
  function inTurn(work: () => Promise<void>): Promise<void> {
    restarts = restarts.then(work).catch((error: unknown) => {
      logCrash(error)
      if (!isStopped) cancelRetry = after(CRASH_RETRY_MS, () => launch(() => inTurn(work)))
    })
    return restarts
  }

  /** Ends what runs at once, and makes what serves anew where a request has time for that. */
  function restart({ isDue }: { readonly isDue: boolean }): void {
    stopWaiting()
    // Its end is waited for below.
    void live?.bridge.schedule.stop()
    hasBegun = true
    launch(() => inTurn(() => startAnew(isDue)))
  }

  async function startAnew(isDue: boolean): Promise<void> {
    await live?.bridge.schedule.stop()
    const record = find()
    if (isStopped || record === undefined || record.state === 'deleting') return
    live = await openNow(record)
    readAnewIfAsked()
    await goOn(isDue)
  }

  /** Whether everything is to be read anew; no sync may run. */
  function readAnewIfAsked(): boolean {
    if (live?.server !== undefined && askAnewOfServer(sql, live.server)) log.warn('profile-other-server')
    return beginAnew(sql)
  }

  /** From where the profile stands. */
  async function goOn(isDue: boolean): Promise<void> {
    const record = find()
    if (isStopped || record === undefined || live === undefined) return
    if (record.state === 'deleting') return removeAll()
    watchExpiry(record)
    if (record.state === 'provisioning') return provision(record)
    if (!maySync(record)) return
    const { schedule } = live.bridge
    schedule.start()
    if (isDue) schedule.request('whole')
  }

  async function provision(record: ProfileRecord): Promise<void> {
    checking = new AbortController()
    const { signal } = checking
    const outcome = await live?.check(signal).catch((error: unknown) => {
      if (error instanceof BridgeError && error.code === 'sync-stopped') return undefined
      throw error
    })
    // Whoever changed the profile meanwhile has it checked anew.
    if (outcome === undefined || signal.aborted || isStopped) return
    if (outcome.ok) {
      save(record, { state: 'provisioned', problem: undefined, tries: 0 })
      log.info('profile-provisioned')
      return goOn(true)
    }
    const tries = record.tries + 1
    const { problem } = outcome
    if (outcome.mayPass && tries < MOST_TRIES) {
      save(record, { problem, tries })
      log.warn('profile-not-yet', { ...problem, tries })
      return tryAgain(FIRST_RETRY_MS * 2 ** record.tries)
    }
    save(record, { state: 'provisioningFailed', problem, tries })
    log.error('profile-failed', { ...problem })
  }

  function tryAgain(ms: number): void {
    cancelRetry = after(ms, () => launch(() => inTurn(() => goOn(false))))
  }

  function watchExpiry(record: ProfileRecord): void {
    const endMs = expiryMs(record.settings)
    cancelExpiry()
    if (endMs === undefined || endMs <= now()) return
    cancelExpiry = after(Math.min(endMs - now(), DAY_MS), () => {
      const present = find()
      if (present === undefined || isStopped) return
      if (!hasExpired(present, now())) return watchExpiry(present)
      log.warn('profile-expired')
      restart({ isDue: false })
    })
  }

  /** What is left half done is gone on with by the next start. */
  async function removeAll(): Promise<void> {
    try {
      await live?.bridge.schedule.stop()
      await options.onDeleted?.()
      log.info('profile-deleted')
    } catch (error) {
      logCrash(error)
    }
  }

  function logCrash(error: unknown): void {
    const { message } = error instanceof Error ? error : { message: 'unknown' }
    log.error('profile-crashed', { message })
  }

  const actions: HostActions = {
    bridge: () => live?.bridge,
    facts() {
      const record = find()
      if (record === undefined || (id === DEFAULT_PROFILE && powerSchool === undefined)) return undefined
      return factsOf(record, { config, fault: live?.fault, nowMs: now() })
    },
    async create(body) {
      const read = await readRecord(body, id, reading)
      if (!read.ok) return read
      saveProfile(sql, read.value)
      live = await openNow(read.value)
      log.info('profile-created')
      restart({ isDue: true })
      return { ok: true, value: undefined }
    },
    change(body) {
      const changed = changes.then(() => changeNow(body))
      changes = changed.catch(() => {})
      return changed
    },
    pause() {
      const record = find()
      if (record === undefined || record.isPaused) return
      save(record, { isPaused: true })
      log.info('profile-paused')
      restart({ isDue: false })
    },
    resume() {
      const record = find()
      if (record === undefined) return
      const isTriedAgain = stateOf(record, live?.fault) === 'provisioningFailed'
      if (!record.isPaused && !isTriedAgain) return
      const again = isTriedAgain && id !== DEFAULT_PROFILE ? ({ state: 'provisioning', tries: 0 } as const) : {}
      save(record, { isPaused: false, ...again })
      log.info('profile-resumed')
      restart({ isDue: true })
    },
    reset() {
      const record = find()
      if (record === undefined) return
      const isTriedAgain = record.state === 'provisioningFailed'
      if (isTriedAgain) save(record, { state: 'provisioning', tries: 0 })
      askAnew(sql)
      log.info('profile-reset')
      restart({ isDue: true })
    },
    remove() {
      const record = find()
      if (record === undefined || record.state === 'deleting') return
      sql.transaction(() => {
        save(record, { state: 'deleting', changedMs: now() })
        // From now on they are as unknown as if they had never been.
        for (const consumer of listConsumers(sql)) removeConsumer(sql, consumer.id)
      })
      log.info('profile-deleting')
      stopWaiting()
      void live?.bridge.schedule.stop()
      hasBegun = true
      launch(() => inTurn(removeAll))
    },
  }

  async function changeNow(body: unknown): Promise<Read<undefined>> {
    const read = await readChange(body, find() ?? UNTOLD, reading)
    if (!read.ok) return read
    const present = find() ?? UNTOLD
    if (present.state === 'deleting') return { ok: false, messages: ['The profile is being deleted.'] }
    save(present, { ...read.value, problem: undefined, tries: 0, changedMs: now() })
    log.info('profile-changed')
    restart({ isDue: true })
    return { ok: true, value: undefined }
  }

  const prefix = prefixOf(publicUrl)
  const members = (request: Request) => {
    const { settings } = find() ?? UNTOLD
    const { idPrefix = '' } = isGroup(settings) ? {} : (settings as Partial<ProfileBody>)
    const { pinLifetimeMs } = config
    const given = { idPrefix: idPrefix ?? '', isGroup: isGroup(settings), collections: STORAGE, pinLifetimeMs }
    return createMemberApi({ sql, now, pause: runtime.nextTurn, ...given })(request)
  }
  const api = hostApi({ actions, config, publicUrl, sql, log, isMappingSet: layers !== undefined })
  return {
    id,
    bridge: () => live?.bridge,
    async fetch(request) {
      const { path } = splitUrl(request.url, prefix)
      if (live !== undefined && path.startsWith('/internal/')) {
        const answer = members(request) ?? live.internal(request)
        if (answer !== undefined) return answer
      }
      if (live === undefined || isHostPath(path, request.method)) return api.fetch(request)
      return live.bridge.app.fetch(request)
    },
    async start() {
      if (hasBegun) return
      hasBegun = true
      // It may have been asked for before the process ended.
      const begun = async () => goOn(readAnewIfAsked())
      // What may take long goes on by itself.
      if (find()?.state === 'provisioned') await inTurn(begun)
      else launch(() => inTurn(begun))
    },
    async stop() {
      isStopped = true
      stopWaiting()
      await live?.bridge.schedule.stop()
      await restarts.catch(() => {})
      await live?.bridge.schedule.stop()
    },
  }
}
