using System.Diagnostics;

namespace DaprShop.Common.Tests;

/// <summary>One thing done for many at once.</summary>
public class GatheringTests
{
    private readonly List<int[]> _batches = [];
    private readonly List<string?> _causes = [];
    private TaskCompletionSource _gate = new();

    [Fact]
    public async Task What_comes_while_a_batch_is_on_its_way_goes_together_in_order_and_no_more_than_the_most()
    {
        var numbers = new Gathering<int>(3, ActAsync);
        var first = numbers.AddAsync(0);
        var others = Enumerable.Range(1, 5).Select(numbers.AddAsync).ToArray();
        Assert.Equal([[0]], _batches);
        Assert.False(others[0].IsCompleted);
        _gate.SetResult();
        await Task.WhenAll(others.Append(first));
        Assert.Equal([[0], [1, 2, 3], [4, 5]], _batches);
        await numbers.AddAsync(6);
        Assert.Equal([6], _batches[^1]);
    }

    [Fact]
    public async Task A_batch_that_fails_fails_its_own_only()
    {
        var numbers = new Gathering<int>(10, ActAsync);
        var first = numbers.AddAsync(0);
        var second = numbers.AddAsync(1);
        var gate = _gate;
        _gate = new TaskCompletionSource();
        _gate.SetResult();
        gate.SetException(new TimeoutException());
        await Assert.ThrowsAsync<TimeoutException>(() => first);
        await second;
        await numbers.AddAsync(2);
    }

    [Fact]
    public async Task A_batch_belongs_to_the_trace_of_its_first()
    {
        var numbers = new Gathering<int>(10, ActAsync);
        var asked = Task.WhenAll(AskAsync("a"), AskAsync("b"), AskAsync("c"));
        _gate.SetResult();
        await asked;
        Assert.Equal(["a", "b"], _causes);

        async Task AskAsync(string name)
        {
            using var activity = new Activity(name).Start();
            await numbers.AddAsync(1);
        }
    }

    private async Task ActAsync(IReadOnlyList<int> batch)
    {
        _batches.Add([.. batch]);
        _causes.Add(Activity.Current?.OperationName);
        await _gate.Task;
    }
}
