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

        await told.Task.WaitAsync(TimeSpan.FromSeconds(20));
    }
}
