// The environment's profile before the admin API has said anything of it.
import { DEFAULT_PROFILE, type ProfileRecord } from '../store/profile.ts'

export const UNTOLD: ProfileRecord = {
  id: DEFAULT_PROFILE,
  state: 'provisioned',
  settings: {},
  sealedSecret: null,
  problem: undefined,
  isPaused: false,
  tries: 0,
  createdMs: 0,
  changedMs: 0,
}
