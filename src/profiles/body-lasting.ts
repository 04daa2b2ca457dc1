// What a body that changes a district's profile must not change, or not by itself.

import type { ProfileSettings } from './body.ts'
import { isObject } from './body-merge.ts'

/** As sentences; none when nothing speaks against it. */
export function lastingFaults(body: Readonly<Record<string, unknown>>, before: ProfileSettings): string[] {
  return [...prefixFaults(body, before), ...secretFaults(body, before)]
}

function prefixFaults({ idPrefix }: Readonly<Record<string, unknown>>, before: ProfileSettings): string[] {
  if (idPrefix === undefined || (idPrefix ?? undefined) === (before.idPrefix ?? undefined)) return []
  return [
    '`idPrefix` cannot be changed: every record would leave under one id and come back under another. Make a new profile.',
  ]
}

/** The secret that is there was given for one server, and nobody can read it back: it is not sent to another one. */
function secretFaults({ dataProvider }: Readonly<Record<string, unknown>>, before: ProfileSettings): string[] {
  if (!isObject(dataProvider) || (dataProvider.clientSecret ?? undefined) !== undefined) return []
  if (dataProvider.clientSecret === null) {
    return [
      '`dataProvider.clientSecret` cannot be taken away. Give another one, or leave it out to keep the one that is there.',
    ]
  }
  const { connectionUrl } = dataProvider
  if (typeof connectionUrl !== 'string' || !URL.canParse(connectionUrl)) return []
  if (new URL(connectionUrl).origin === new URL(before.dataProvider.connectionUrl).origin) return []
  return [
    '`dataProvider.connectionUrl` is another server, which is not sent the secret of this one. Give `dataProvider.clientSecret` with it.',
  ]
}
