using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace DaprShop.Common.Tests;

public sealed class DrainingTests
{
    [Fact]
    public async Task Asked_to_end_a_service_is_not_ready_serves_on_for_a_while_and_answers_what_is_in_flight()
    {
        var (held, gate) = (new TaskCompletionSource(), new TaskCompletionSource());
        IHostApplicationLifetime lifetime = null!;
        await using var service = await TestService.StartAsync(
            app =>
            {
                lifetime = app.Services.GetRequiredService<IHostApplicationLifetime>();
                app.MapGet("/held", async () =>
                {
                    held.SetResult();
                    await gate.Task;
                    return "done";
                });
            },
            settings: "--Shop:DrainDelay=00:10:00");
        Assert.Equal(HttpStatusCode.OK, (await service.Client.GetAsync("/healthz")).StatusCode);
        var inFlight = service.Client.GetStringAsync("/held");
        await held.Task;

        lifetime.StopApplication();
        using var limit = new CancellationTokenSource();
        var stopping = service.StopAsync(limit.Token);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await service.Client.GetAsync("/healthz")).StatusCode);
        Assert.False(stopping.IsCompleted);
        gate.SetResult();
        Assert.Equal("done", await inFlight);
        await limit.CancelAsync();
        await stopping.ContinueWith(_ => { }, TaskScheduler.Default);
    }

    [Fact]
    public async Task Without_a_delay_it_ends_once_what_is_in_flight_is_answered()
    {
        var (held, gate) = (new TaskCompletionSource(), new TaskCompletionSource());
        await using var service = await TestService.StartAsync(app => app.MapGet("/held", async () =>
        {
            held.SetResult();
            await gate.Task;
            return "done";
        }));
        var inFlight = service.Client.GetStringAsync("/held");
        await held.Task;

        var stopping = service.StopAsync(CancellationToken.None);
        Assert.False(stopping.IsCompleted);
        gate.SetResult();

        Assert.Equal("done", await inFlight);
        await stopping;
        await Assert.ThrowsAsync<HttpRequestException>(() => service.Client.GetAsync("/healthz"));
    }
}
