//! What is around each page: its title, the way to the others, the filters.

use super::asset::{Assets, assets};
use super::form::Form;
use super::query::Query;
use crate::access::guard::Viewer;
use crate::token::Scope;

/// A page of the navigation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Overview,
    Components,
    Releases,
    Packages,
    Capacity,
    Ui,
    Support,
    Live,
    Data,
    Settings,
}

/// What is around a page.
#[derive(Debug)]
pub(crate) struct Frame {
    /// The heading.
    pub(crate) title: String,
    /// A sentence below it.
    pub(crate) lead: String,
    /// What stands before our paths where browsers reach us.
    pub(crate) base: String,
    /// Where the name leads.
    pub(crate) home: &'static str,
    /// The way to other pages.
    pub(crate) nav: Vec<Item>,
    /// The filters, where the page has any.
    pub(crate) form: Option<Form>,
    /// Who looks.
    pub(crate) who: Option<String>,
    /// What the forms of their session state; empty where there is none.
    pub(crate) csrf: String,
    /// What the page loads.
    pub(crate) assets: &'static Assets,
}

/// A way to a page.
#[derive(Debug)]
pub(crate) struct Item {
    /// Where it leads.
    pub(crate) href: String,
    /// What it is called.
    pub(crate) label: &'static str,
    /// Whether the page is this one, or within it.
    pub(crate) current: bool,
}

impl Place {
    /// All of them, in their order.
    pub(crate) const ALL: &[Place] = &[
        Place::Overview,
        Place::Components,
        Place::Releases,
        Place::Packages,
        Place::Capacity,
        Place::Ui,
        Place::Support,
        Place::Live,
        Place::Data,
        Place::Settings,
    ];

    /// Its path.
    pub(crate) const fn path(self) -> &'static str {
        match self {
            Place::Overview => "/overview",
            Place::Components => "/components",
            Place::Releases => "/releases",
            Place::Packages => "/packages",
            Place::Capacity => "/capacity",
            Place::Ui => "/ui",
            Place::Support => "/support",
            Place::Live => "/live",
            Place::Data => "/data",
            Place::Settings => "/settings",
        }
    }

    /// What it is called.
    pub(crate) const fn label(self) -> &'static str {
        match self {
            Place::Overview => "Overview",
            Place::Components => "Components",
            Place::Releases => "Releases",
            Place::Packages => "Packages",
            Place::Capacity => "Capacity",
            Place::Ui => "UI",
            Place::Support => "Support",
            Place::Live => "Live",
            Place::Data => "Data",
            Place::Settings => "Settings",
        }
    }

    /// What it takes to see it.
    pub(crate) const fn scope(self) -> Scope {
        match self {
            Place::Settings => Scope::Admin,
            Place::Support | Place::Live => Scope::Support,
            Place::Overview
            | Place::Components
            | Place::Releases
            | Place::Packages
            | Place::Capacity
            | Place::Ui
            | Place::Data => Scope::Read,
        }
    }
}

impl Frame {
    /// Around a page of its place.
    pub(crate) fn new(
        title: impl Into<String>,
        place: Option<Place>,
        viewer: &Viewer,
        query: Option<&Query>,
    ) -> Frame {
        let nav = Place::ALL.iter().filter(|item| viewer.may(item.scope()));
        Frame {
            title: title.into(),
            lead: String::new(),
            base: viewer.base().to_owned(),
            home: Place::Overview.path(),
            nav: nav
                .map(|item| Item {
                    href: query.map_or_else(
                        || format!("{}{}", viewer.base(), item.path()),
                        |query| query.to(item.path()),
                    ),
                    label: item.label(),
                    current: Some(*item) == place,
                })
                .collect(),
            form: None,
            who: Some(viewer.name().to_owned()),
            csrf: viewer.csrf().to_owned(),
            assets: assets(),
        }
    }

    /// For somebody who is not known yet; `base` stands before our paths.
    pub(crate) fn bare(title: impl Into<String>, base: &str) -> Frame {
        Frame {
            title: title.into(),
            lead: String::new(),
            base: base.to_owned(),
            home: "/",
            nav: Vec::new(),
            form: None,
            who: None,
            csrf: String::new(),
            assets: assets(),
        }
    }

    /// With a sentence below the heading.
    #[must_use]
    pub(crate) fn lead(mut self, lead: impl Into<String>) -> Frame {
        self.lead = lead.into();
        self
    }

    /// With the filters.
    #[must_use]
    pub(crate) fn form(mut self, form: Form) -> Frame {
        self.form = Some(form);
        self
    }
}
