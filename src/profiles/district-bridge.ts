// Serves a district's roster; what reads PowerSchool and maps its rows is loaded when a sync or a question first needs it.
import type { ConnectedConfig } from '../config.ts'
import type { District } from '../district.ts'
import { BridgeError } from '../errors.ts'
import { type ServeOptions, serveRoster, type Wired } from '../serving.ts'
import type { ProfileProblem } from '../store/profile.ts'
import { openServed } from '../store/served.ts'
import { whenNeeded } from '../when-needed.ts'
import type { KnownMapping } from './known-mapping.ts'
import type { LoadedMapping } from './source.ts'

export interface DistrictBridgeOptions extends ServeOptions {
  readonly config: ConnectedConfig
  /** Loads the mapping. */
  readonly mapping: () => Promise<LoadedMapping>
  readonly known: KnownMapping
}

export interface DistrictBridge extends Wired {
  /** Loads what makes the roster; what is wrong with its mapping is known then. */
  load(): Promise<void>
  readonly isLoaded: () => boolean
  /** What is wrong with the mapping, as far as that is known. */
  readonly fault: () => ProfileProblem | undefined
}

interface Loaded extends Pick<District, 'maker'>, Pick<LoadedMapping, 'fault'> {}

/**
 * Over a prepared store; nothing runs until `schedule.start()`. Until it is loaded the mapping is taken to be right, and the one
 * that the snapshot was made by: whoever starts the schedule without having loaded it has to know that (`known`).
 */
export function createDistrictBridge({ mapping, known, ...options }: DistrictBridgeOptions): DistrictBridge {
  const { sql, now, log } = options.runtime
  const served = openServed(sql, now)
  let loaded: Loaded | undefined
  const load = whenNeeded(async () => {
    const [{ createDistrict }, found] = await Promise.all([import('../district.ts'), mapping()])
    const { maker } = createDistrict({ ...options, ...found, served })
    loaded = { maker, fault: found.fault }
    return loaded
  })
  const maker = async () => (await load()).maker

  function isNewMapping(): boolean {
    if (loaded === undefined) return false
    const isNew = loaded.maker.isNewMapping()
    if (!isNew && loaded.fault === undefined) known.keep()
    return isNew
  }

  /** The snapshot may be of this mapping from now on. Were that not kept, the next start would find it out again. */
  function keepIfKnown(): void {
    try {
      if (!known.has()) isNewMapping()
    } catch (error) {
      if (!(error instanceof BridgeError)) throw error
      log.warn('mapping-not-kept', { code: error.code })
    }
  }

  const wired = serveRoster(
    { ...options, served },
    {
      async run(id, signal, how) {
        const record = await (await maker()).run(id, signal, how)
        if (record.status !== 'inProgress') keepIfKnown()
        return record
      },
      upkeep: async (id, signal, step) => (await maker()).upkeep(id, signal, step),
      build: async (narrowing, signal) => (await maker()).build(narrowing, signal),
      async release(id) {
        const record = await (await maker()).release(id)
        keepIfKnown()
        return record
      },
      isNewMapping,
      async explaining() {
        const { explaining } = await maker()
        if (explaining === undefined) throw new Error('a district without a mapping')
        return explaining()
      },
      powerSchoolRequests: () => loaded?.maker.powerSchoolRequests?.() ?? 0,
    },
  )
  return {
    ...wired,
    load: async () => void (await load()),
    isLoaded: () => loaded !== undefined,
    fault: () => loaded?.fault,
  }
}
