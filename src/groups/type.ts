// How a profile's body says that it is a group.

export const GROUP_TYPE = '#oneroster.group'
