//! How much memory a piece of work takes at its height, so that a few bytes from outside cannot make much be set aside.
#![allow(unsafe_code, reason = "an allocator that counts can be written in no other way; in tests only")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

thread_local! {
    static NOW: Cell<isize> = const { Cell::new(0) };
    static HEIGHT: Cell<isize> = const { Cell::new(0) };
}

struct Counting;

#[global_allocator]
static HEAP: Counting = Counting;

fn count(bytes: isize) {
    // While a thread ends there is nothing to count in.
    let _ = NOW.try_with(|now| {
        now.set(now.get() + bytes);
        let _ = HEIGHT.try_with(|height| height.set(height.get().max(now.get())));
    });
}

// SAFETY: everything is the system's allocator's doing.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size().cast_signed());
        // SAFETY: passed on as given.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(-layout.size().cast_signed());
        // SAFETY: passed on as given.
        unsafe { System.dealloc(pointer, layout) }
    }
}

/// What the work gave, and the bytes this thread held at its height, beyond those held before.
pub fn height<T>(work: impl FnOnce() -> T) -> (T, usize) {
    let before = NOW.get();
    HEIGHT.set(before);
    let done = work();
    (done, usize::try_from(HEIGHT.get() - before).unwrap())
}

#[test]
fn the_height_is_what_was_held_at_once() {
    let ((), height) = height(|| {
        drop(vec![0_u8; 5000]);
        drop(vec![0_u8; 3000]);
    });
    assert_eq!(height, 5000);
}
