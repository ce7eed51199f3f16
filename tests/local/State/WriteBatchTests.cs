using DaprShop.Local.Resiliency;
using DaprShop.Local.State;

namespace DaprShop.Local.Tests.State;

/// <summary>What is tried again of a save of many, and what is told in the end.</summary>
public sealed class WriteBatchTests : IAsyncDisposable
{
    private readonly Store _store = new();

    public ValueTask DisposeAsync() => _store.DisposeAsync();

    [Fact]
    public async Task Only_what_failed_is_tried_again()
    {
        _store.Failures["b"] = new Queue<Exception>([new IOException("away")]);
        var batch = Batch();
        var failed = await Assert.ThrowsAsync<WritesFailed>(() => batch.TryAsync(default));
        Assert.Equal("away", Assert.Single(failed.Failures).Message);
        await batch.TryAsync(default);
        Assert.Equal(["a", "b", "c", "b"], _store.Tried);
    }

    [Fact]
    public async Task What_lost_to_somebody_else_is_not_and_stays_a_failure_when_the_others_come_through()
    {
        _store.Failures["a"] = new Queue<Exception>([new StateConflict()]);
        _store.Failures["b"] = new Queue<Exception>([new IOException("away")]);
        var batch = Batch();
        await Assert.ThrowsAsync<WritesFailed>(() => batch.TryAsync(default));
        var final = await Assert.ThrowsAsync<PermanentFailure>(() => batch.TryAsync(default));
        Assert.IsType<StateConflict>(Assert.Single(Assert.IsType<WritesFailed>(final.InnerException).Failures));
        Assert.Equal(["a", "b", "c", "b"], _store.Tried);
    }

    [Fact]
    public async Task A_delete_that_lost_to_somebody_else_is_tried_again()
    {
        _store.Failures["a"] = new Queue<Exception>([new StateConflict()]);
        var batch = new WriteBatch(_store, [new StateRequest("a", null, "7")], retriesConflicts: true);
        await Assert.ThrowsAsync<WritesFailed>(() => batch.TryAsync(default));
        await batch.TryAsync(default);
    }

    private WriteBatch Batch() =>
        new(_store, [.. new[] { "a", "b", "c" }.Select(key => new StateRequest(key, "1"u8.ToArray()))], retriesConflicts: false);

    private sealed class Store : IStateStore
    {
        public Dictionary<string, Queue<Exception>> Failures { get; } = [];

        public List<string> Tried { get; } = [];

        public Task WriteAsync(StateWrite write, CancellationToken cancellation = default)
        {
            Tried.Add(write.Key);
            return Failures.TryGetValue(write.Key, out var failures) && failures.TryDequeue(out var failure)
                ? Task.FromException(failure)
                : Task.CompletedTask;
        }

        public ValueTask<StateItem?> GetAsync(string key) => throw new NotSupportedException();

        public ValueTask<StateItem?[]> GetAsync(IReadOnlyList<string> keys) => throw new NotSupportedException();

        public Task TransactAsync(IReadOnlyList<StateWrite> writes, CancellationToken cancellation = default) =>
            throw new NotSupportedException();

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
