using System.Globalization;
using System.Threading.Channels;
using DaprShop.Local.Bindings;
using DaprShop.Local.Configuration;
using DaprShop.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace DaprShop.Local.Tests.Bindings;

/// <summary>Schedules that no conformance test can wait for.</summary>
public sealed class CronTests
{
    private static string Yearly(string route) => $$"""
        apiVersion: dapr.io/v1alpha1
        kind: Component
        metadata: { name: yearly }
        spec:
          type: bindings.cron
          version: v1
          metadata:
            - { name: schedule, value: "0 0 1 1 *" }
            - { name: direction, value: input }
            - { name: route, value: "{{route}}" }
        """;

    /// <summary>And a route is a path, even one that could be an address.</summary>
    [Theory]
    [InlineData("/yearly")]
    [InlineData("v1:yearly")]
    public async Task The_next_time_may_be_months_away(string route)
    {
        var clock = new FakeTimeProvider(new DateTimeOffset(2026, 6, 15, 12, 0, 0, TimeSpan.Zero));
        var told = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var shop = await ShopHost.StartAsync(shop => shop
            .Resources(Yearly(route))
            .Runtime(services => services.AddSingleton<TimeProvider>(clock))
            .Fake("app", app => app.MapPost(route, () =>
            {
                told.TrySetResult();
                return Results.Ok();
            })));

        clock.Advance(TimeSpan.FromDays(205));

        await told.Task.WaitAsync(TimeSpan.FromMinutes(1));
    }

    [Fact]
    public async Task What_was_slept_through_is_told_once()
    {
        var clock = new FakeTimeProvider(new DateTimeOffset(2026, 6, 15, 12, 0, 0, TimeSpan.Zero));
        var told = Channel.CreateUnbounded<string>();
        await using var shop = await StartAsync("@every 1h", clock, request =>
        {
            told.Writer.TryWrite(request.Headers["readTimeUTC"]!);
            return Task.CompletedTask;
        });

        List<string> times = [];
        foreach (var hours in (int[])[10, 1, 1])
        {
            clock.Advance(TimeSpan.FromHours(hours));
            times.Add((await NextAsync(told))[11..16]);
        }

        Assert.Equal(["22:00", "23:00", "00:00"], times);
    }

    [Fact]
    public async Task An_app_that_is_slow_to_hear_is_told_the_next_time_all_the_same()
    {
        var clock = new FakeTimeProvider(new DateTimeOffset(2026, 6, 15, 12, 0, 0, TimeSpan.Zero));
        var told = Channel.CreateUnbounded<string>();
        using var hear = new SemaphoreSlim(0);
        await using var shop = await StartAsync("@every 1h", clock, async request =>
        {
            told.Writer.TryWrite(request.Headers["readTimeUTC"]!);
            await hear.WaitAsync();
        });

        for (var hours = 13; hours < 16; hours++)
        {
            clock.Advance(TimeSpan.FromHours(1));
            Assert.Equal($"{hours}:00", (await NextAsync(told))[11..16]);
        }
        hear.Release(3);
    }

    /// <summary>Of the days of a month and of a week, as in robfig/cron: both, unless one of them is any; then the other.</summary>
    [Theory]
    [InlineData("0 0 1 * 1", "2026-06-22")]
    [InlineData("0 0 18 * 1", "2026-06-18")]
    [InlineData("0 0 0 18 * MON", "2026-06-18")]
    [InlineData("0 0 1 * *", "2026-07-01")]
    [InlineData("0 0 1 * ?", "2026-07-01")]
    [InlineData("0 0 * * 3", "2026-06-17")]
    [InlineData("0 0 */1 * 3", "2026-06-17")]
    [InlineData("0 0 */2 * 2", "2026-06-16")]
    [InlineData("@monthly", "2026-07-01")]
    public void Days_are_either_s_where_both_are_said(string schedule, string next)
    {
        var after = new DateTime(2026, 6, 15, 12, 0, 0, DateTimeKind.Local); // a Monday
        var binding = CronBinding.Of(new ComponentSpec(
            "days", "bindings.cron", "v1", new Dictionary<string, string> { ["schedule"] = schedule }, [], "test.yaml"));
        Assert.Equal(next, binding.Schedule(after)?.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture));
    }

    [Theory]
    [InlineData("TZ=Asia/Tokyo 30 4 * * *", "2026-06-15 19:30")]
    [InlineData("CRON_TZ=UTC 0 30 4 * * *", "2026-06-16 04:30")]
    public void A_schedule_may_name_its_zone(string schedule, string next)
    {
        var binding = CronBinding.Of(new ComponentSpec(
            "zoned", "bindings.cron", "v1", new Dictionary<string, string> { ["schedule"] = schedule }, [], "test.yaml"));
        var time = binding.Schedule(new DateTimeOffset(2026, 6, 15, 12, 0, 0, TimeSpan.Zero));
        Assert.Equal(next, time?.ToUniversalTime().ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture));
    }

    private static async Task<string> NextAsync(Channel<string> told)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        return await told.Reader.ReadAsync(limit.Token);
    }

    private static Task<ShopHost> StartAsync(string schedule, TimeProvider clock, Func<HttpRequest, Task> hear) =>
        ShopHost.StartAsync(shop => shop
            .Resources(Yearly("/told").Replace("0 0 1 1 *", schedule, StringComparison.Ordinal))
            .Runtime(services => services.AddSingleton(clock))
            .Fake("app", app => app.MapPost("/told", hear)));
}
