import { pull } from "../../../src/offline/pull.ts";
import { push } from "../../../src/offline/push.ts";
import { createRoom } from "../../../src/offline/room.ts";

/** What of an offline store is put to the proof. */
export const room = { createRoom, pull, push };

export type Code = typeof room;
