// What serves and syncs a group.
import { createGroupBridge } from '../groups/group-bridge.ts'
import { orgOf } from './body.ts'
import { groupConfig } from './config.ts'
import type { GroupBody } from './group-body.ts'
import type { Live, LiveOptions } from './live.ts'

/** Whether its members are there was asked when they were named, and is told by each sync. */
export function openLiveGroup(
  id: string,
  settings: GroupBody,
  { config, runtime, publicUrl, open }: LiveOptions,
): Live {
  const bridge = createGroupBridge({
    config: groupConfig(config, settings),
    runtime,
    publicUrl,
    open,
    group: { id, members: settings.dataProvider.profiles, org: orgOf(settings) },
  })
  return {
    bridge: { ...bridge, sql: runtime.sql },
    internal: bridge.internal,
    idPrefix: '',
    server: undefined,
    isKnown: () => true,
    learn: async () => {},
    fault: () => undefined,
    check: async () => ({ ok: true }),
  }
}
