/*
 * The process's allocator as one object: mimalloc, and what it lacks to be
 * safe across fork().
 *
 * mimalloc takes no locks, so a child never inherits one that is held; but
 * two of its states make others wait for the thread that set them, and in a
 * child of fork() that thread does not exist. Both are put right here. What
 * threads that are gone had allocated for themselves stays allocated.
 *
 * greencorn_malloc_forked() runs in the child, called by our fork in libc
 * before any fork handler, so before anything can allocate or free.
 */
#include "static.c"

__attribute__((visibility("hidden"))) void greencorn_malloc_forked(void);

/*
 * Another thread had begun to hand a block of this page back to us: the page
 * goes back to the state before. At worst that one block is lost.
 */
static bool
mend_page(mi_heap_t *heap, mi_page_queue_t *queue, mi_page_t *page,
    void *unused1, void *unused2)
{
	mi_thread_free_t word = mi_atomic_load_relaxed(&page->xthread_free);

	(void)heap;
	(void)queue;
	(void)unused1;
	(void)unused2;
	if (mi_tf_delayed(word) == MI_DELAYED_FREEING)
		mi_atomic_store_release(&page->xthread_free,
		    mi_tf_set_delayed(word, MI_USE_DELAYED_FREE));
	return true;
}

void
greencorn_malloc_forked(void)
{
	mi_heap_t *heap = mi_get_default_heap();

	/* Who was reading the abandoned list will never say that it is done. */
	mi_atomic_store_release(&abandoned_readers, (size_t)0);
	if (mi_heap_is_initialized(heap))
		mi_heap_visit_pages(heap, mend_page, NULL, NULL);
}
