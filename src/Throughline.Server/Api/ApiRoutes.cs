using Throughline.Server.Api.Access;
using Throughline.Server.Api.Answers;
using Throughline.Server.Api.Cases;
using Throughline.Server.Api.Entries;
using Throughline.Server.Api.Hooks;
using Throughline.Server.Api.Intake;
using Throughline.Server.Api.Invoices;
using Throughline.Server.Api.Ledger;
using Throughline.Server.Api.Processes;
using Throughline.Server.Api.Status;
using Throughline.Server.Api.Trace;
using Throughline.Server.Console;
using Throughline.Server.Hosting;

namespace Throughline.Server.Api;

/// <summary>Every address of the hub, in one place.</summary>
internal static class ApiRoutes
{
    public static void Map(WebApplication application, Doors doors)
    {
        var defects = new DefectHandler(doors.Time, doors.Parts.Logs.CreateLogger<DefectHandler>());
        var gate = new TokenGate(doors.Parts.Token);
        var rate = new RateGate(doors.Parts.Limits);
        application.Lifetime.ApplicationStopped.Register(rate.Dispose);
        application.Use(next => context => defects.InvokeAsync(context, next));
        application.UseRouting();
        application.Use(next => context => gate.InvokeAsync(context, next));

        var intake = new IntakeDoor(doors, rate);
        application.MapPost("/api/v1/intake/{system}", intake.PostAsync);
        var hooks = new HookDoor(doors, rate);
        application.MapPost("/hooks/{system}", hooks.PostAsync).WithMetadata(new OpenMark());

        var status = new StatusDoor(doors);
        application.MapGet("/health", status.HealthAsync).WithMetadata(new OpenMark());
        application.MapGet("/health/live", StatusDoor.LiveAsync).WithMetadata(new OpenMark());
        application.MapGet("/api/v1/status", status.StatusAsync);
        application.MapGet("/api/v1/instances", status.InstancesAsync);
        application.MapGet("/api/v1/events", status.EventsAsync);

        var cases = new CaseDoor(doors);
        application.MapGet("/api/v1/cases", cases.ListAsync);
        application.MapGet("/api/v1/cases/{id}", cases.ShowAsync);
        application.MapPost("/api/v1/cases/{id}/{action}", cases.ActAsync);

        var entries = new EntryDoor(doors);
        application.MapGet("/api/v1/entries", entries.ListAsync);
        application.MapGet("/api/v1/entries/{id}", entries.ShowAsync);

        var invoices = new InvoiceDoor(doors);
        application.MapGet("/api/v1/invoices", invoices.ListAsync);
        application.MapPost("/api/v1/invoices", invoices.DrawAsync);
        application.MapGet("/api/v1/invoices/{**key}", invoices.GetAsync);
        application.MapPost("/api/v1/invoices/{**key}", invoices.CreditAsync);

        application.MapGet("/api/v1/ledger", new LedgerDoor(doors).GetAsync);

        var traces = new TraceReader(doors.Store, doors.Hub.Release);
        application.MapGet("/api/v1/trace/{id}", context => TraceDoor.GetAsync(context, traces));
        application.MapGet("/api/v1/processes", context => ProcessDoor.GetAsync(context, doors));

        ConsoleRoutes.Map(application, doors, traces);
    }
}
