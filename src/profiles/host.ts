// One profile on any runtime: opens its store, and answers whatever is asked of it.
import { createMemberApi } from '../groups/member-api.ts'
import { prefixOf, splitUrl } from '../http/public-path.ts'
import { mappingSettings } from '../mapping-settings.ts'
import { STORAGE } from '../oneroster/storage.ts'
import { prepareConsumer, prepareStore } from '../prepare.ts'
import type { Runtime } from '../runtime.ts'
import { hostActions } from './actions.ts'
import { createGroupTeller } from './group-teller.ts'
import { hostApi } from './host-api.ts'
import { isHostPath } from './host-paths.ts'
import { isGroup } from './is-group.ts'
import { profileKeys } from './keys.ts'
import { openLife } from './life.ts'
import { DEFAULT_PROFILE, type ProfileHost, type ProfileHostOptions } from './ports.ts'

/** Opens the store, and what is served of it. Refuses with `store-failed`, and `mapping-invalid` for what MAPPING names. */
export async function createProfileHost(options: ProfileHostOptions): Promise<ProfileHost> {
  const { id, config, publicUrl, mappings, layers } = options
  const { launch, ...given } = options.runtime
  const open = async (other: string) => options.directory?.open(other)
  const groups = createGroupTeller({ ...given, id, open, launch })
  const runtime: Runtime = {
    ...given,
    ...(await profileKeys(given.sealingKey, id)),
    onPublished() {
      given.onPublished?.()
      groups.published()
    },
    onSyncEnded(status) {
      given.onSyncEnded?.(status)
      if (status !== 'success') groups.failed()
    },
  }
  const { sql, log, now, sealingKey } = runtime
  prepareStore(runtime)
  const { powerSchool } = config
  if (id === DEFAULT_PROFILE && powerSchool !== undefined) await prepareConsumer({ ...config, powerSchool }, runtime)

  const live = { config, runtime, publicUrl, mappings, layers, open }
  const life = await openLife({ id, live, launch, onSetback: groups.failed, onDeleted: options.onDeleted })
  const environmentSays = Object.keys(mappingSettings(config))
  const reading = async () => ({ mappings: await mappings.open(), now, open, environmentSays, sealingKey })
  const actions = hostActions({ id, life, config, sql, now, log, reading, onSetback: groups.failed })
  const { newId } = runtime
  const api = hostApi({ actions, config, publicUrl, sql, log, newId, isMappingSet: layers !== undefined })
  const members = (request: Request, idPrefix: string) => {
    const { pinLifetimeMs } = config
    const own = { idPrefix, isGroup: isGroup(life.find()?.settings), collections: STORAGE, pinLifetimeMs }
    return createMemberApi({ sql, now, pause: runtime.nextTurn, ...own })(request)
  }
  /** Whether it would change what is being deleted. */
  const isLate = (path: string, { method }: Request) =>
    method !== 'GET' && path.startsWith('/admin/') && life.find()?.state === 'deleting'
  const prefix = prefixOf(publicUrl)
  return {
    id,
    bridge: actions.bridge,
    async fetch(request) {
      const { path } = splitUrl(request.url, prefix)
      const present = life.live()
      if (present !== undefined && path.startsWith('/internal/')) {
        const answer = members(request, present.idPrefix) ?? present.internal(request)
        if (answer !== undefined) return answer
      }
      if (present === undefined || isHostPath(path, request.method) || isLate(path, request)) return api.fetch(request)
      return present.bridge.app.fetch(request)
    },
    start: life.start,
    stop: life.stop,
  }
}
