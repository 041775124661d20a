/** Where the tokens are kept between two openings of the mini-program. */

export interface Storage {
  get(key: string): string | undefined | Promise<string | undefined>;
  set(key: string, value: string): void | Promise<void>;
  remove(key: string): void | Promise<void>;
}

/** Kept until the process ends. */
export function memoryStorage(): Storage {
  const kept = new Map<string, string>();
  return {
    get: (key) => kept.get(key),
    set: (key, value) => void kept.set(key, value),
    remove: (key) => void kept.delete(key),
  };
}

/** The part of `wx` that is used. */
export interface WxStorage {
  getStorageSync(key: string): unknown;
  setStorageSync(key: string, value: string): void;
  removeStorageSync(key: string): void;
}

export function wxStorage(wx: WxStorage): Storage {
  return {
    get: (key) => text(wx.getStorageSync(key)),
    set: (key, value) => wx.setStorageSync(key, value),
    remove: (key) => wx.removeStorageSync(key),
  };
}

/** The part of `my` that is used. */
export interface MyStorage {
  getStorageSync(given: { key: string }): { data?: unknown };
  setStorageSync(given: { key: string; data: string }): unknown;
  removeStorageSync(given: { key: string }): unknown;
}

export function myStorage(my: MyStorage): Storage {
  return {
    get: (key) => text(my.getStorageSync({ key }).data),
    set: (key, data) => void my.setStorageSync({ key, data }),
    remove: (key) => void my.removeStorageSync({ key }),
  };
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}
