//! Circular doubly linked lists as the engine has them: the links lie in the items.

use std::cell::UnsafeCell;
use std::ptr;

/// A link of a list, in its head or at the start of an item.
#[repr(C)]
pub(crate) struct Link {
    prev: *mut Link,
    next: *mut Link,
}

impl Link {
    /// A link that is in no list yet.
    pub(crate) const fn new() -> Link {
        Link { prev: ptr::null_mut(), next: ptr::null_mut() }
    }

    /// Makes a head the whole of its list.
    ///
    /// SAFETY (of all of these): `head` is the head of a list, or memory for one where that is what becomes of it;
    /// everything in the list is live and used by one thread at a time.
    pub(crate) unsafe fn init(head: *mut Link) {
        // SAFETY: by contract.
        unsafe { head.write(Link { prev: head, next: head }) };
    }

    /// Whether the list has no items. May be asked of any two pointers in a row.
    pub(crate) unsafe fn is_empty(head: *mut Link) -> bool {
        // SAFETY: by contract.
        unsafe { (*head).next == head && (*head).prev == head }
    }

    /// What follows; the head itself after the last item.
    pub(crate) unsafe fn next(link: *mut Link) -> *mut Link {
        // SAFETY: by contract.
        unsafe { (*link).next }
    }

    /// What precedes; the head itself before the first item.
    pub(crate) unsafe fn prev(link: *mut Link) -> *mut Link {
        // SAFETY: by contract.
        unsafe { (*link).prev }
    }

    /// Takes an item out of the list that it is in.
    pub(crate) unsafe fn unlink(item: *mut Link) {
        // SAFETY: by contract.
        unsafe {
            let Link { prev, next } = item.read();
            (*prev).next = next;
            (*next).prev = prev;
        }
    }

    /// Adds an item at the end.
    pub(crate) unsafe fn push(head: *mut Link, item: *mut Link) {
        // SAFETY: by contract.
        unsafe {
            let last = (*head).prev;
            item.write(Link { prev: last, next: head });
            (*last).next = item;
            (*head).prev = item;
        }
    }

    /// Moves all items of a list to the end of another.
    pub(crate) unsafe fn append(head: *mut Link, from: *mut Link) {
        // SAFETY: by contract.
        unsafe {
            if Link::is_empty(from) {
                return;
            }
            let Link { prev: last, next: first } = from.read();
            let before = (*head).prev;
            (*before).next = first;
            (*first).prev = before;
            (*last).next = head;
            (*head).prev = last;
            Link::init(from);
        }
    }
}

/// The head of a list of ours. It must not move once [initialised](List::init).
pub(crate) struct List(UnsafeCell<Link>);

impl List {
    pub(crate) const fn new() -> List {
        List(UnsafeCell::new(Link::new()))
    }

    /// Makes this an empty list, at the place where it stays.
    pub(crate) fn init(&self) {
        // SAFETY: memory for a head.
        unsafe { Link::init(self.head()) };
    }

    pub(crate) fn head(&self) -> *mut Link {
        self.0.get()
    }

    /// The first item.
    pub(crate) fn first(&self) -> Option<*mut Link> {
        // SAFETY: a list whose items are live, by the contract of whoever pushed them.
        let first = unsafe { Link::next(self.head()) };
        (first != self.head()).then_some(first)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.first().is_none()
    }
}
