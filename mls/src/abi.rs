//! The byte ABI (mls/README.md): alloc, free, call; the only file with `unsafe`.
#![allow(unsafe_code, reason = "an ABI of raw pointers; every other file forbids it")]

use std::alloc::{Layout, alloc, dealloc};
use std::cell::RefCell;

use crate::instance::Instance;

thread_local! {
    static INSTANCE: RefCell<Instance> = RefCell::new(Instance::default());
}

/// A buffer of `length` bytes for the host to write a request into; 0 when there is no memory.
///
/// # Safety
/// The host gives the buffer back to `conclave_free` with the same length, once.
#[unsafe(no_mangle)]
pub extern "C" fn conclave_alloc(length: usize) -> *mut u8 {
    match Layout::array::<u8>(length.max(1)) {
        // SAFETY: the layout is not of size zero.
        Ok(layout) => unsafe { alloc(layout) },
        Err(_) => std::ptr::null_mut(),
    }
}

/// Takes back a request buffer or an answer.
///
/// # Safety
/// `pointer` came from `conclave_alloc(length)` or is an answer of this length, and is not used again.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn conclave_free(pointer: *mut u8, length: usize) {
    if let Ok(layout) = Layout::array::<u8>(length.max(1)) {
        // SAFETY: by contract the pointer was allocated with this layout; the bytes are wiped because answers hold keys.
        unsafe {
            std::ptr::write_bytes(pointer, 0, length);
            dealloc(pointer, layout);
        }
    }
}

/// Answers the request at `pointer`: `(answer pointer << 32) | answer length`.
///
/// # Safety
/// `pointer` is a buffer of `conclave_alloc(length)` the host has filled.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn conclave_call(pointer: *const u8, length: usize) -> u64 {
    // SAFETY: by contract the buffer holds `length` initialised bytes.
    let request = unsafe { std::slice::from_raw_parts(pointer, length) };
    let answer = INSTANCE.with_borrow_mut(|instance| instance.call(request));
    let answer = answer.into_bytes().into_boxed_slice();
    let size = answer.len() as u64;
    let address = Box::into_raw(answer).cast::<u8>() as usize as u64;
    (address << 32) | size
}
