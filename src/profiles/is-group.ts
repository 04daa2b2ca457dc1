// Whether a profile is a group: asked of every one, so it brings nothing of what reads bodies with it.
import { GROUP_TYPE } from '../groups/type.ts'
import type { GroupBody } from './group-body.ts'

/** Whether a body, or what is stored of a profile, is a group's. */
export function isGroup(settings: unknown): settings is GroupBody {
  const provider = (settings as { readonly dataProvider?: { readonly '@odata.type'?: unknown } } | null)?.dataProvider
  return provider?.['@odata.type'] === GROUP_TYPE
}
