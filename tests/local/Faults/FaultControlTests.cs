using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using DaprShop.Local.Configuration;
using DaprShop.Local.Control;
using DaprShop.Local.Faults;
using DaprShop.Local.Hosting;

namespace DaprShop.Local.Tests.Faults;

public sealed class FaultControlTests : IAsyncLifetime
{
    private readonly FaultPlan _plan = new(TimeProvider.System);
    private readonly int _port = FreePorts.Take();
    private readonly HttpClient _http = new();
    private IAsyncDisposable _control = null!;

    public async ValueTask InitializeAsync()
    {
        _control = await ControlServer.StartAsync(_port, routes => routes.MapFaults(_plan));
        _http.BaseAddress = new Uri($"http://127.0.0.1:{_port}/faults");
    }

    public async ValueTask DisposeAsync()
    {
        await _control.DisposeAsync();
        _http.Dispose();
    }

    [Fact]
    public async Task Faults_are_set_told_and_lifted()
    {
        using var put = await _http.PutAsync("", new StringContent("faults: [{ app: payment, on: write, do: fail }]"));
        Assert.Equal(HttpStatusCode.NoContent, put.StatusCode);
        await _plan.MeetAsync(new SidecarCall("payment", FaultPoint.Write, "x"), FaultMoment.Before, default);

        var row = Assert.Single(await _http.GetFromJsonAsync<List<JsonElement>>("") ?? []);
        Assert.Equal(
            ("payment", "fail", 1),
            (row.GetProperty("app").GetString(), row.GetProperty("do").GetString(), row.GetProperty("hit").GetInt32()));

        using var lifted = await _http.DeleteAsync("");
        Assert.Empty(_plan.Report());
    }

    [Fact]
    public async Task A_mistake_changes_nothing_and_is_told()
    {
        _plan.Set(FaultFile.Parse("faults: [{ app: payment, on: write, do: fail }]", "test"));
        using var put = await _http.PutAsync("", new StringContent("faults: [{ app: payment }]"));
        Assert.Equal(HttpStatusCode.BadRequest, put.StatusCode);
        Assert.Equal("body:1: 'on' is required", await put.Content.ReadAsStringAsync());
        Assert.Single(_plan.Report());
    }

    [Fact]
    public async Task A_page_under_another_name_cannot_reach_it()
    {
        using var request = new HttpRequestMessage(HttpMethod.Delete, "") { Headers = { Host = "evil.example" } };
        Assert.Equal(HttpStatusCode.NotFound, (await _http.SendAsync(request)).StatusCode);
    }

    [Fact]
    public async Task A_taken_port_is_one_clear_line()
    {
        var error = await Assert.ThrowsAsync<ConfigurationError>(() => ControlServer.StartAsync(_port, routes => routes.MapFaults(_plan)));
        Assert.Equal($"--control {_port}: the port is in use", error.Message);
    }
}
